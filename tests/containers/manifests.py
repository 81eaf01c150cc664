# SPDX-License-Identifier: MIT
"""The Kubernetes manifest against what Kubernetes would say of it: every field by the types of its API,
which Debian's client library has, and the pod security standard "restricted"."""

import copy
import os
import re

import kubernetes.client as api
import stage
import tap
import yaml

FOLDER = os.path.join(stage.SOURCE, "containers/kubernetes")
PLAIN = {"str": str, "int": int, "bool": bool, "object": object}
# Volumes that "restricted" admits.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
           "projected", "secret"}


def check(kind, value, path):
    """Raises ValueError, with where it is, if VALUE is not what the API calls KIND."""
    inner = re.fullmatch(r"(list\[|dict\(str, )(.+)[\])]", kind)
    if inner and inner[1].startswith("list"):
        of_type(list, value, path)
        return [check(inner[2], item, f"{path}[{n}]") for n, item in enumerate(value)]
    if inner:
        of_type(dict, value, path)
        return {key: check(inner[2], item, f"{path}.{key}") for key, item in value.items()}
    if kind in PLAIN:
        return of_type(PLAIN[kind], value, path)
    return check_object(getattr(api, kind), of_type(dict, value, path), path)


def of_type(wanted, value, path):
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise ValueError(f"{path}: {value!r} is no {wanted.__name__}")
    return value


def check_object(model, value, path):
    names = {outer: inner for inner, outer in model.attribute_map.items()}
    fields = {}
    for key, item in value.items():
        if key not in names:
            raise ValueError(f"{path}: {model.__name__} has no field {key}")
        fields[names[key]] = check(model.openapi_types[names[key]], item, f"{path}.{key}")
    try:
        return model(**fields)  # which insists on what is required, and on the words of an enumeration
    except ValueError as error:
        raise ValueError(f"{path}: {error}")


def check_document(document):
    for model in (f'V1{document.get("kind")}', f'V1Core{document.get("kind")}'):
        if hasattr(api, model):
            return check(model, document, document["kind"])
    raise ValueError(f'no kind {document.get("kind")}')


def documents():
    """(name of the file, document) of each there is."""
    found = []
    for name in sorted(os.listdir(FOLDER)):
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            found += [(name, document) for document in yaml.safe_load_all(file)]
    return found


def of_kind(kind):
    return [document for _, document in documents() if document["kind"] == kind]


# -- tests ---------------------------------------------------------------------------------------


def every_field_is_one_of_the_api(at):
    tap.true(len(documents()) >= 4, "the manifest has gone")
    for name, document in documents():
        try:
            check_document(document)
        except ValueError as error:
            raise AssertionError(f"{name}: {error}")


def a_field_that_is_wrong_is_found(at):
    """Or the test above would say nothing."""
    deployment = of_kind("Deployment")[0]
    for path, value in (
        (("spec", "template", "spec", "containers", 0, "livenessprobe"), {}),
        (("spec", "template", "spec", "containers", 0, "securityContext", "readOnlyRootFilesystem"), "yes"),
        (("spec", "template", "spec", "terminationGracePeriodSeconds"), "10s"),
        (("spec", "selector"), None),
        (("kind",), "Deployments"),
    ):
        spoilt = copy.deepcopy(deployment)
        inner = spoilt
        for step in path[:-1]:
            inner = inner[step]
        if value is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
        try:
            check_document(spoilt)
        except ValueError:
            continue
        raise AssertionError(f"{path}: {value!r} was taken")


def pods_are_restricted(at):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/"""
    for deployment in of_kind("Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        context = pod["securityContext"]
        tap.true(context["runAsNonRoot"] and context["runAsUser"] > 0, "runs as root")
        tap.true(context["seccompProfile"]["type"] in ("RuntimeDefault", "Localhost"), "seccomp")
        tap.true(not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), "namespaces of the host")
        for volume in pod["volumes"]:
            tap.true(set(volume) - {"name"} <= VOLUMES, f"volume: {volume}")
        for container in pod["containers"] + pod.get("initContainers", []):
            security = container["securityContext"]
            tap.equal(security["allowPrivilegeEscalation"], False, "privilege escalation")
            tap.equal(security["capabilities"], {"drop": ["ALL"]}, "capabilities")
            tap.equal(security["readOnlyRootFilesystem"], True, "root")
            tap.true("memory" in container["resources"]["limits"], "no limit of memory")


def a_pod_is_given_the_time_that_its_app_has_to_stop(at):
    text = of_kind("ConfigMap")[0]["data"]["meterd.conf"]
    needed = sum(int(n) for n in re.findall(r"(?m)^(?:stop|abort) = (\d+)s$", text))
    pod = of_kind("Deployment")[0]["spec"]["template"]["spec"]
    tap.true(0 < needed < pod["terminationGracePeriodSeconds"], f"{needed} s are needed")


def the_configuration_is_one_that_mpyd_takes(at):
    """And so are arguments and probes, by podman: see images."""
    for config in of_kind("ConfigMap"):
        image = at.apps.image("idle", "import time\nprint('ready')\ntime.sleep(1000)\n")
        at.start(image, config=config["data"]["meterd.conf"]).wait_line("^idle: ready")


TESTS = [
    every_field_is_one_of_the_api,
    a_field_that_is_wrong_is_found,
    pods_are_restricted,
    a_pod_is_given_the_time_that_its_app_has_to_stop,
    the_configuration_is_one_that_mpyd_takes,
]
