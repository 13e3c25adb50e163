"""What RO-Crate 1.1 and the profiles of Workflow Run Crate 0.5 ask for, written from their published text."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ACTIONS = {"CreateAction", "ActivateAction", "UpdateAction"}
CONFORMS = ("process", "workflow", "provenance")


def listed(value: Any) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def references(value: Any) -> Iterator[str]:
    """Every @id that is referred to below a value."""
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
        for item in value.values():
            yield from references(item)
    for item in value if isinstance(value, list) else []:
        yield from references(item)


class Crate:
    """A crate's entities, by id and by type."""

    def __init__(self, folder: Path):
        self.folder = folder
        text = json.loads((folder / "ro-crate-metadata.json").read_bytes())
        self.context, self.graph = text["@context"], text["@graph"]
        self.entities = {entity["@id"]: entity for entity in self.graph}

    def of(self, *types: str) -> list[dict[str, Any]]:
        return [entity for entity in self.graph if set(types) & set(listed(entity["@type"]))]

    def points(self, entity: dict[str, Any], key: str, *types: str) -> bool:
        """Whether a key refers to something, and only to entities of these types."""
        found = [self.entities.get(name) for name in references(listed(entity.get(key)))]
        return bool(found) and all(one and set(types) & set(listed(one["@type"])) for one in found)

    def problems(self) -> list[str]:
        return [*self._whole(), *self._root(), *self._workflow(), *self._run(), *self._steps()]

    def _whole(self) -> Iterator[str]:
        if len(self.entities) != len(self.graph):
            yield "two entities of one @id"
        if "https://w3id.org/ro/crate/1.1/context" not in listed(self.context):
            yield "no context of RO-Crate 1.1"
        for name in {name for entity in self.graph for name in references(list(entity.values()))}:
            if name not in self.entities and not name.startswith("https://"):
                yield f"{name} is referred to and not described"
        parts = set(references(self.entities["./"]["hasPart"]))
        for entity in self.of("File", "Dataset"):
            name = entity["@id"]
            path = self.folder / name
            if name not in ("./", *parts):
                yield f"{name} is no part of the root"
            if not path.exists() or path.is_dir() != ("Dataset" in listed(entity["@type"])):
                yield f"{name} is not there"
            elif "sha256" in entity and hashlib.sha256(path.read_bytes()).hexdigest() != entity["sha256"]:
                yield f"{name} has another digest"
            elif "contentSize" in entity and str(path.stat().st_size) != entity["contentSize"]:
                yield f"{name} has another size"

    def _root(self) -> Iterator[str]:
        descriptor, root = self.entities["ro-crate-metadata.json"], self.entities["./"]
        conforms = set(references(descriptor["conformsTo"]))
        if not {"https://w3id.org/ro/crate/1.1", "https://w3id.org/workflowhub/workflow-ro-crate/1.0"} <= conforms:
            yield "the descriptor conforms to too little"
        if descriptor["about"] != {"@id": "./"} or descriptor["@type"] != "CreativeWork":
            yield "the descriptor is not about the root"
        for key in ("name", "description", "datePublished", "license", "mainEntity", "conformsTo", "mentions"):
            if not root.get(key):
                yield f"the root has no {key}"
        profiles = set(references(listed(root.get("conformsTo"))))
        for name in CONFORMS:
            url = f"https://w3id.org/ro/wfrun/{name}/0.5"
            if url not in profiles or self.entities.get(url, {}).get("version") != "0.5":
                yield f"the root does not conform to {url}"

    def _workflow(self) -> Iterator[str]:
        main = self.entities[self.entities["./"]["mainEntity"]["@id"]]
        if not {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"} <= set(listed(main["@type"])):
            yield "the main entity is no workflow with steps"
        if not self.points(main, "programmingLanguage", "ComputerLanguage"):
            yield "the workflow has no language"
        for key in ("input", "output"):
            if not self.points(main, key, "FormalParameter"):
                yield f"{key} of the workflow are no formal parameters"
        if not self.points(main, "hasPart", "SoftwareSourceCode", "SoftwareApplication"):
            yield "the workflow has no tools"
        for entity in self.of("FormalParameter"):
            if not entity.get("additionalType") or not self.points(entity, "workExample", "File", "Dataset"):
                yield f"{entity['@id']} lacks its type or example"

    def _run(self) -> Iterator[str]:
        main = self.entities["./"]["mainEntity"]
        runs = [entity for entity in self.of(*ACTIONS) if entity.get("instrument") == main]
        actions = {action["@id"] for action in self.of(*ACTIONS)}
        if not runs or set(references(listed(self.entities["./"].get("mentions")))) != actions:
            yield "the root does not mention the run and every job"
        for entity in self.of(*ACTIONS):
            if not self.points(entity, "instrument", "SoftwareSourceCode", "SoftwareApplication"):
                yield f"{entity['@id']} has no instrument"
            if not {"name", "endTime", "agent", "actionStatus"} <= entity.keys():
                yield f"{entity['@id']} says too little"
            if entity.get("startTime", "") > entity["endTime"]:
                yield f"{entity['@id']} ended before it began"
            if "resourceUsage" in entity and not self.points(entity, "resourceUsage", "PropertyValue"):
                yield f"{entity['@id']} has other resources than values"
        for entity in self.of("PropertyValue"):
            if not entity.get("propertyID"):
                yield f"{entity['@id']} has no propertyID"

    def _steps(self) -> Iterator[str]:
        main = self.entities[self.entities["./"]["mainEntity"]["@id"]]
        told = {name for entity in self.of(*ACTIONS) for name in references(listed(entity.get("instrument")))}
        for name in references(listed(main["hasPart"])):
            if name not in told:
                yield f"no action used the tool {name}"
        for entity in self.of("HowToStep"):
            if {"@id": entity["@id"]} not in listed(main.get("step")) or not entity["position"].isdigit():
                yield f"{entity['@id']} is no step of the workflow"
            if not self.points(entity, "workExample", "SoftwareSourceCode"):
                yield f"{entity['@id']} has no tool"
        for entity in self.of("ControlAction"):
            if not self.points(entity, "instrument", "HowToStep") or not self.points(entity, "object", *ACTIONS):
                yield f"{entity['@id']} controls nothing"
        organised = self.of("OrganizeAction")
        if not organised:
            yield "nobody organised the jobs"
        for entity in organised:
            whole = self.points(entity, "instrument", "SoftwareApplication") and self.points(entity, "result", *ACTIONS)
            if not whole or not self.points(entity, "object", "ControlAction"):
                yield f"{entity['@id']} organised nothing"
