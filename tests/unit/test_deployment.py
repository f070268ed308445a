"""What docs/deploy.md is followed by: container, Compose file and locks say the same, and nothing that is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from digitry.cli.serve import PACKAGES, command

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
CONTAINERFILE = (ROOT / "Containerfile").read_text("utf-8")
OPTIONS = {name for parameter in command.params for name in parameter.opts}


@pytest.fixture(scope="module")
def service() -> Any:
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["digitry"]


def listed(text: str, name: str) -> list[str]:
    (words,) = re.findall(rf"^.*{name} (\[.*\])$", text, re.MULTILINE)
    found = json.loads(words)
    assert isinstance(found, list)
    return found


def test_the_probe_is_one_command_wherever_it_is_named(service: Any) -> None:
    probe = ["digitry", "serve", "--probe"]
    assert listed(CONTAINERFILE, "CMD") == probe
    assert service["healthcheck"]["test"] == ["CMD", *probe]
    assert f"--health-cmd '{' '.join(probe)}'" in GUIDE, "a list is a command to podman alone"


def test_every_option_of_the_server_that_is_written_down_exists(service: Any) -> None:
    given = [*listed(CONTAINERFILE, "ENTRYPOINT"), *service["command"]]
    given += [word for rest in re.findall(r"digitry serve([^'`\n]*)", GUIDE) for word in re.findall(r"--[a-z-]+", rest)]
    assert {word for word in given if word.startswith("--")} <= OPTIONS


def test_the_port_is_one_and_only_loopback_has_it(service: Any) -> None:
    (port,) = re.findall(r"^EXPOSE (\d+)$", CONTAINERFILE, re.MULTILINE)
    default = next(parameter.default for parameter in command.params if parameter.name == "port")
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert int(port) == default


def test_a_container_needs_a_token_and_has_no_rights(service: Any) -> None:
    assert service["environment"]["DIGITRY_TOKEN"].startswith("${DIGITRY_TOKEN:?")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_kubernetes_can_see_that_the_user_is_not_root_and_asks_where_the_server_listens() -> None:
    yaml = pytest.importorskip("yaml")
    (text,) = re.findall(r"^```\n(apiVersion: .*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (container,) = yaml.safe_load(text)["spec"]["containers"]
    assert container["securityContext"]["runAsNonRoot"]
    (user,) = re.findall(r"^USER (.*)$", CONTAINERFILE, re.MULTILINE)
    assert user.isdecimal()
    assert f"--uid {user} " in CONTAINERFILE
    assert {word for word in container["args"] if word.startswith("--")} <= OPTIONS
    asked = {container[f"{probe}Probe"]["httpGet"]["port"] for probe in ("readiness", "liveness")}
    assert asked == {one["containerPort"] for one in container["ports"]}
    assert f"EXPOSE {asked.pop()}" in CONTAINERFILE


@pytest.mark.parametrize("name", ["serve", "build"])
def test_a_lock_pins_every_package_with_its_hashes_and_agrees_with_the_others(name: str) -> None:
    def pinned(lock: str) -> dict[str, set[str]]:
        text = (ROOT / "locks" / f"{lock}.txt").read_text("utf-8")
        assert "://" not in text
        found: dict[str, set[str]] = {}
        for entry in re.split(r"\n(?=\S)", text.strip()):
            package, version = re.match(r"([\w.-]+)==([\w.+!-]+)", entry).groups()  # type: ignore[union-attr]
            assert "--hash=sha256:" in entry, f"{package} has no hash"
            found.setdefault(package, set()).add(version)
        return found

    own, dev = pinned(name), pinned("dev")
    assert own
    assert all(versions <= dev[package] for package, versions in own.items())
    assert f"--require-hashes -r locks/{name}.txt" in CONTAINERFILE
    if name == "serve":
        assert {package.replace("_", "-") for package in PACKAGES} <= own.keys()
        assert not {"keras", "tensorflow-cpu", "jax", "matplotlib", "hatchling"} & own.keys()


def test_the_image_is_built_from_what_it_copies_and_no_more() -> None:
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE, re.MULTILINE) for word in line.split()[:-1]
    }
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert copied == sent
    assert all((ROOT / name).exists() for name in sent)
