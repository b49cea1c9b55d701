"""template.yaml → CloudFormation as the emulator understands it. Pure: text and values in, values out.

What the emulator does otherwise than AWS is dealt with here, and nowhere else.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import boto3
from samtranslator.model.exceptions import InvalidDocumentException  # type: ignore[import-untyped] # it ships no types
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped] # it ships no types
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped] # it ships no types
from samtranslator.yaml_helper import intrinsics_multi_constructor  # type: ignore[import-untyped] # it ships no types
from yaml import CSafeLoader, YAMLError, load

from infra.local.errors import TemplateError

# It warns on standard error of a switch that only AWS's own service has.
logging.getLogger("samtranslator.feature_toggle.feature_toggle").setLevel(logging.ERROR)

Template = dict[str, Any]

# It warns of each feature of SAM's own roll-out that its service would know, and a person would read it.
logging.getLogger("samtranslator.feature_toggle").setLevel(logging.ERROR)

LEFT_OUT = {
    "AWS::S3::BucketPolicy": "it demands TLS, and the emulator speaks plain HTTP on this machine",
    "AWS::CloudWatch::CompositeAlarm": "refused by the emulator (ministack 1.5.33)",
    "AWS::Logs::QueryDefinition": "unknown to the emulator (ministack 1.5.33)",
    "AWS::CodeDeploy::Application": "refused by the emulator (ministack 1.5.33)",
    "AWS::CodeDeploy::DeploymentGroup": "refused by the emulator (ministack 1.5.33)",
}
"""Resource types that are not deployed locally, and why."""

METRIC_MATH = "Metrics"
"""An alarm's property that the emulator refuses; such alarms are left out as well."""

READERS_AT_ONCE = 2
"""Lambda workers that read one queue at once, AWS's own least: each costs this machine 100 MB and a second of CPU."""

INTEGRATION = "x-amazon-apigateway-integration"


@dataclass(frozen=True, slots=True)
class CodeObject:
    """Where the functions' zip lies in S3."""

    bucket: str
    key: str


class _Loader(CSafeLoader):
    """SAM's own, by libyaml: a sixth of the time."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def read(path: Path) -> Template:
    """A SAM or CloudFormation template as values, its short forms (!Ref, !Sub, …) written out. Raises TemplateError."""
    try:
        template = load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 -- a safe one
    except OSError as error:
        raise TemplateError(f"{path}: cannot be read ({error.strerror})") from error
    except YAMLError as error:
        raise TemplateError(f"{path}: is not YAML: {error}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise TemplateError(f"{path}: has no Resources; is it a SAM or CloudFormation template?")
    return template


def to_cloudformation(template: Template, code: CodeObject, parameters: Mapping[str, str], region: str) -> Template:
    """What SAM's transform makes of the template, with every function's code at one place. Raises TemplateError."""
    sam = deepcopy(template)
    _put_code(sam, code)
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    try:
        translated: Template = translator.translate(sam, dict(parameters))
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes)
        raise TemplateError(f"The template cannot be translated: {causes}") from error
    finally:
        translator.metrics.publish()  # nowhere; it warns if it is not told to
    return translated


def for_emulator(cloudformation: Template) -> Template:
    """The same stack without what the emulator refuses, with its HTTP routes written out as resources."""
    template = deepcopy(cloudformation)
    resources = template["Resources"]
    left_out = {name for name, resource in resources.items() if _is_left_out(resource)}
    for name in left_out:
        del resources[name]
    for resource in resources.values():
        _forget_left_out(resource, resources)
        resource.pop("UpdatePolicy", None)  # of an alias: CodeDeploy's
    outputs = template.get("Outputs", {})
    template["Outputs"] = {name: each for name, each in outputs.items() if each["Value"] not in _references(left_out)}
    template = {name: _without_references(part, left_out) for name, part in template.items()}
    resources = template["Resources"]
    for mapping in of_type(template, "AWS::Lambda::EventSourceMapping").values():
        if "StartingPosition" not in mapping["Properties"]:  # a queue, not a stream
            mapping["Properties"]["ScalingConfig"] = {"MaximumConcurrency": READERS_AT_ONCE}
    for name in list(of_type(template, "AWS::ApiGatewayV2::Api")):
        resources |= _routes(name, resources[name])
    return template


def with_environment(template: Template, variables: Mapping[str, str]) -> Template:
    """The template with more environment variables, or other values, for every function."""
    changed = deepcopy(template)
    for function in of_type(changed, "AWS::Lambda::Function").values():
        environment = function["Properties"].setdefault("Environment", {}).setdefault("Variables", {})
        environment |= variables
    return changed


def with_properties(template: Template, properties: Mapping[str, Mapping[str, object]]) -> Template:
    """The template with properties of some resources changed, by the resources' logical names. Raises TemplateError."""
    changed = deepcopy(template)
    for name, values in properties.items():
        if name not in changed["Resources"]:
            raise TemplateError(f"The template has no resource {name} whose properties could be changed.")
        changed["Resources"][name].setdefault("Properties", {}).update(values)
    return changed


def of_type(template: Template, resource_type: str) -> dict[str, dict[str, Any]]:
    """The resources of one type by their logical names."""
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == resource_type}


def _put_code(sam: Template, code: CodeObject) -> None:
    """SAM takes code from S3 only; the folder stands in the globals or in the function."""
    location = {"Bucket": code.bucket, "Key": code.key}
    sam.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    for function in of_type(sam, "AWS::Serverless::Function").values():
        function["Properties"]["CodeUri"] = location


def _is_left_out(resource: Mapping[str, Any]) -> bool:
    is_metric_math = resource["Type"] == "AWS::CloudWatch::Alarm" and METRIC_MATH in resource["Properties"]
    return resource["Type"] in LEFT_OUT or is_metric_math


def _forget_left_out(resource: dict[str, Any], resources: Mapping[str, Any]) -> None:
    """Nothing waits for a resource that is not there."""
    depends_on = resource.pop("DependsOn", [])
    names = [depends_on] if isinstance(depends_on, str) else depends_on
    if kept := [name for name in names if name in resources]:
        resource["DependsOn"] = kept


def _references(names: Collection[str]) -> list[dict[str, str]]:
    return [{"Ref": name} for name in names]


def _without_references(value: Any, left_out: Collection[str]) -> Any:  # noqa: ANN401 -- any part of a template
    """The same, with the name of what is left out in place of a reference to it."""
    if isinstance(value, list):
        return [_without_references(each, left_out) for each in value]
    if isinstance(value, str):
        return reduce(lambda text, name: text.replace(f"${{{name}}}", name), left_out, value)
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"} and value["Ref"] in left_out:
        return value["Ref"]
    return {name: _without_references(each, left_out) for name, each in value.items()}


def _routes(api_name: str, api: dict[str, Any]) -> dict[str, Any]:
    """The API's OpenAPI body, which the emulator ignores, as an integration and a route for every operation."""
    body = api["Properties"].pop("Body", None)
    if body is None:
        return {}
    api["Properties"] |= {"Name": body["info"]["title"], "ProtocolType": "HTTP"}
    resources: dict[str, Any] = {}
    for route_key, integration in _operations(body):
        name = api_name + "".join(filter(str.isalnum, route_key.title()))
        resources[f"{name}Integration"] = _integration(api_name, integration)
        resources[f"{name}Route"] = _route(api_name, route_key, f"{name}Integration")
    return resources


def _operations(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation[INTEGRATION]


def _integration(api_name: str, integration: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": {"Ref": api_name},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": integration["uri"],
            "PayloadFormatVersion": integration["payloadFormatVersion"],
            "TimeoutInMillis": integration.get("timeoutInMillis", 30_000),
        },
    }


def _route(api_name: str, route_key: str, integration_name: str) -> dict[str, Any]:
    target = {"Fn::Join": ["/", ["integrations", {"Ref": integration_name}]]}
    return {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {"ApiId": {"Ref": api_name}, "RouteKey": route_key, "Target": target},
    }
