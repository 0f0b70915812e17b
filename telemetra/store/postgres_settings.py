"""The settings of the embedded server: a small footprint, nothing given up of durability."""

from __future__ import annotations

FILE_NAME = "telemetra.conf"
INCLUDE = f"\n# Telemetra's settings; ALTER SYSTEM overrides them.\ninclude_if_exists '{FILE_NAME}'\n"

SETTINGS = """\
# Written by telemetra at every start. To change a setting use ALTER SYSTEM, which wins over this file.

# Durable: an answer that says "stored" survives a power cut.
fsync = on
synchronous_commit = on
full_page_writes = on

# Reached through a private socket only.
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
max_connections = 60

# Small: 128 MB shared, few helper processes, no parallel queries on machines that have other work.
shared_buffers = 128MB
huge_pages = off
io_method = sync
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 512MB
max_worker_processes = 2
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
autovacuum_max_workers = 2
autovacuum_worker_slots = 4
jit = off
random_page_cost = 1.1

# No replication: the least log. Checkpoints by time and spread out, so that bursts of COPY do not force them.
wal_level = minimal
max_wal_senders = 0
max_logical_replication_workers = 0
wal_buffers = 16MB
min_wal_size = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# Errors of single statements are the client's to report; values of events do not belong into a log file.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
log_line_prefix = '%m [%p] '
"""

_SINCE_18 = ("io_method", "autovacuum_worker_slots")


def settings_for(major: int) -> str:
    """The settings file for a major version: without what an older one does not know."""
    if major >= 18:
        return SETTINGS
    return "".join(line for line in SETTINGS.splitlines(keepends=True) if not line.startswith(_SINCE_18))
