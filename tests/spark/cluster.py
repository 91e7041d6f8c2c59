"""A standalone Spark cluster on loopback: a master and workers, each a process of its own, ended by id."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 120
# A small sample is over before thorough compilation pays. Plans of many unions are deep: with the usual stack of 1 MB
# one of them failed now and then.
# With one compiler Java keeps 48 MB for what it compiled; that is full within two minutes, and then it only interprets.
JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -Xss8m"


class NotReadyError(Exception):
    """Spark cannot be started here; the text says what is missing."""


def python(root: Path) -> Path:
    """The interpreter of the Spark environment."""
    return root / ".venv-spark" / "bin" / "python"


def missing(root: Path) -> str | None:
    """Why there is no Spark here, or None."""
    if not python(root).exists():
        return "there is no .venv-spark; `make setup-spark` creates it"
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "there is no Java 17; `make setup-spark` installs it where apt-get is at hand"
    return None


def environment(root: Path, folder: Path, cores: int) -> dict[str, str]:
    """The environment of every Spark process: loopback only, small memory, metastore below `folder`."""
    [package] = (root / ".venv-spark").glob("lib/python3*/site-packages/pyspark")
    conf = folder / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    # What belongs to this cluster, not to the project: an installation has its own spark-defaults.conf.
    settings = {
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        # The driver holds the plans of hundreds of models; with 1 GB it came to do nothing but collect garbage.
        "spark.driver.memory": "3g",
        "spark.executor.memory": "1g",
        "spark.executor.cores": "1",
        "spark.cores.max": str(cores),
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.ui.enabled": "false",
        # Kept for the page that nobody looks at.
        "spark.ui.retainedJobs": "10",
        "spark.ui.retainedStages": "10",
        "spark.ui.retainedTasks": "100",
        "spark.sql.ui.retainedExecutions": "10",
        "spark.ui.showConsoleProgress": "false",
        # A table kept by day has hundreds of small files: list them in the driver, read many in one task.
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
        "spark.sql.files.openCostInBytes": "65536",
        "spark.sql.adaptive.autoBroadcastJoinThreshold": "50MB",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder}/metastore;create=true",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} {JAVA}",
        "spark.executor.extraJavaOptions": JAVA,
        "spark.local.dir": str(folder / "scratch"),
    }
    text = "".join(f"{name} {value}\n" for name, value in settings.items())
    (conf / "spark-defaults.conf").write_text(text, encoding="utf-8")
    (conf / "log4j2.properties").write_text(
        "rootLogger.level = error\nrootLogger.appenderRef.stderr.ref = console\n"
        "appender.console.type = Console\nappender.console.name = console\n"
        "appender.console.target = SYSTEM_ERR\nappender.console.layout.type = PatternLayout\n"
        "appender.console.layout.pattern = %p %c{1}: %m%n\n"
        # Creating what is there already is no error.
        "logger.hive.name = org.apache.hadoop.hive.metastore.RetryingHMSHandler\nlogger.hive.level = off\n",
        encoding="utf-8",
    )
    return {
        **os.environ,
        "SPARK_HOME": str(package),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": JAVA,
        "PYSPARK_PYTHON": str(python(root)),
        "PYSPARK_DRIVER_PYTHON": str(python(root)),
    }


@contextmanager
def cluster(folder: Path, env: dict[str, str], workers: int) -> Iterator[str]:
    """Start a master and `workers` workers with one core each, yield the master's URL, end them again."""
    port, page = _free_port(), _free_port()
    url = f"spark://{HOST}:{port}"
    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes.append(
            _start(
                folder / "master.log",
                env,
                "master.Master",
                *("--host", HOST, "--port", str(port), "--webui-port", str(page)),
            )
        )
        for number in range(1, workers + 1):
            options = ["--host", HOST, "--webui-port", str(_free_port()), "--cores", "1"]
            options += ["--memory", "1400m", "--work-dir", str(folder / f"worker-{number}")]
            processes.append(
                _start(folder / f"worker-{number}.log", env, "worker.Worker", *options, url)
            )
        _wait(f"http://{HOST}:{page}/json/", workers, processes, folder)
        yield url
    finally:
        for process in reversed(processes):
            end(process)


def end_with_sigterm() -> None:
    """Let SIGTERM end this process as an exception does, so that what it started is ended too."""

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and the group it leads: politely, then not."""
    for wanted, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 15)):
        try:
            os.killpg(process.pid, wanted)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            continue
    process.wait(timeout=15)


def _start(log: Path, env: dict[str, str], name: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [f"{env['SPARK_HOME']}/bin/spark-class", f"org.apache.spark.deploy.{name}"]
    with log.open("wb") as out:
        return subprocess.Popen(
            [*command, *arguments],
            env=env,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait(page: str, workers: int, processes: list[subprocess.Popen[bytes]], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in processes):
            break
        try:
            with urllib.request.urlopen(page, timeout=5) as answer:
                if json.load(answer)["aliveworkers"] == workers:
                    return
        except (OSError, ValueError):
            pass  # Not listening yet, or listening before its page is there.
        time.sleep(0.5)
    raise NotReadyError(
        f"the cluster was not ready after {START_SECONDS} s; see master.log and worker-*.log in {folder}"
    )
