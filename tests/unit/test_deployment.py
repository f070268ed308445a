"""What docs/deploy.md is followed by: container, Compose file and locks say the same, and nothing that is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from digitry.cli.serve import PACKAGES, command
from digitry.serve.limits import Limits
from digitry.serve.request_metrics import Metrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
CONTAINERFILE = (ROOT / "Containerfile").read_text("utf-8")
OPTIONS = {name for parameter in command.params for name in parameter.opts}


Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def services() -> Manifest:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def service(services: Manifest) -> Any:
    return services["digitry"]


@pytest.fixture(scope="module")
def cluster() -> dict[str, Manifest]:
    """What deploy/kubernetes.yaml asks for, by kind."""
    found = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")))
    return {one["kind"]: one for one in found}


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


def test_only_the_proxy_has_a_port_outside_and_only_on_loopback(services: Manifest) -> None:
    (port,) = re.findall(r"^EXPOSE (\d+)$", CONTAINERFILE, re.MULTILINE)
    default = next(parameter.default for parameter in command.params if parameter.name == "port")
    assert int(port) == default
    assert "ports" not in services["digitry"]
    proxy = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert f"server digitry:{port};" in proxy
    (inside,) = re.findall(r"^    listen (\d+);$", proxy, re.MULTILINE)
    assert services["proxy"]["ports"] == [f"127.0.0.1:{port}:{inside}"]


def test_the_proxy_before_copies_treats_requests_as_the_one_in_the_guide() -> None:
    def location(text: str) -> list[str]:
        (block,) = re.findall(r"    location / \{\n(.*?)\n    \}", text, re.DOTALL)
        return [line for line in block.splitlines() if "proxy_pass" not in line and "Forwarded" not in line]

    proxy = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert location(proxy) == location(GUIDE)
    assert re.findall("client_max_body_size .*;", proxy) == re.findall("client_max_body_size .*;", GUIDE)


def test_a_container_needs_a_token_and_none_has_rights(services: Manifest) -> None:
    assert services["digitry"]["environment"]["DIGITRY_TOKEN"].startswith("${DIGITRY_TOKEN:?")
    for one in services.values():
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]


def test_what_a_cluster_is_asked_for_fits_its_schemas(cluster: dict[str, Manifest]) -> None:
    assert set(cluster) == {"Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"}
    for one in cluster.values():
        kubernetes_validate.validate(one, "1.37", strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(cluster["Service"] | {"spec": {"port": 80}}, "1.37", strict=True)


def test_everything_on_a_cluster_means_the_same_copies(cluster: dict[str, Manifest]) -> None:
    labels = cluster["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert cluster["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert cluster["Service"]["spec"]["selector"] == labels
    assert cluster["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    scaled = cluster["HorizontalPodAutoscaler"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == cluster["Deployment"]["metadata"]["name"]
    assert scaled["minReplicas"] > cluster["PodDisruptionBudget"]["spec"]["minAvailable"], "else no node can be emptied"


def test_a_copy_on_a_cluster_is_asked_where_it_listens_and_has_no_rights(cluster: dict[str, Manifest]) -> None:
    pod = cluster["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    given = [word.split("=") for word in container["args"]]
    assert {name for name, _ in given} <= OPTIONS
    assert ["--allow-host", cluster["Service"]["metadata"]["name"]] in given, "others in the cluster ask by that name"
    (port,) = container["ports"]
    assert f"EXPOSE {port['containerPort']}" in CONTAINERFILE
    for probe, path in (("startup", "/readyz"), ("readiness", "/readyz"), ("liveness", "/livez")):
        assert container[f"{probe}Probe"]["httpGet"] == {"path": path, "port": port["name"]}
    assert cluster["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
    assert pod["securityContext"]["runAsNonRoot"]
    (user,) = re.findall(r"^USER (.*)$", CONTAINERFILE, re.MULTILINE)
    assert user.isdecimal(), "Kubernetes can see of a number alone that it is not root"
    assert f"--uid {user} " in CONTAINERFILE
    assert container["securityContext"]["readOnlyRootFilesystem"]


def test_a_copy_has_a_core_and_the_memory_for_each_process(cluster: dict[str, Manifest]) -> None:
    (container,) = cluster["Deployment"]["spec"]["template"]["spec"]["containers"]
    processes = int(dict(word.split("=") for word in container["args"])["--processes"])
    assert container["resources"]["requests"]["cpu"] == str(processes)
    mebibytes = int(container["resources"]["limits"]["memory"].removesuffix("Mi"))
    assert mebibytes << 20 > processes * Limits().picture_bytes
    (metric,) = cluster["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert int(metric["pods"]["target"]["averageValue"]) == 2 * processes


def test_a_cluster_scales_by_a_figure_that_the_server_has(cluster: dict[str, Manifest]) -> None:
    (metric,) = cluster["HorizontalPodAutoscaler"]["spec"]["metrics"]
    in_flight = 3.0
    shown = Metrics(lambda: in_flight, lambda: 0.0, lambda: 1.0).text().decode()
    assert f"{metric['pods']['metric']['name']} 3.0" in shown.splitlines()


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
