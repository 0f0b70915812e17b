"""What pyproject.toml cannot say: what is compiled where there is a C compiler, and left out where there is none."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(name, [source], extra_compile_args=["-O3"], optional=True)
        for name, source in (
            ("telemetra.text._reading", "telemetra/text/_reading.c"),
            ("telemetra.live._send", "telemetra/live/_send.c"),
            ("telemetra.store._copy_rows", "telemetra/store/_copy_rows.c"),
        )
    ]
)
