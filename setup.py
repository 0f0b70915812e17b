"""What pyproject.toml cannot say: what is compiled where there is a C compiler, and left out where there is none."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension("telemetra.text._reading", ["telemetra/text/_reading.c"], extra_compile_args=["-O3"], optional=True),
    ]
)
