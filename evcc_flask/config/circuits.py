"""The circuits must form one tree: a single root, parents that exist, no circle."""

from .model import CircuitConfig
from .problems import Report


def check_circuits(circuits: tuple[CircuitConfig, ...], report: Report) -> None:
    """Add what is wrong with the tree to ``report``."""
    by_name = {circuit.name: circuit for circuit in circuits}
    for circuit in circuits:
        if circuit.parent and circuit.parent not in by_name:
            known = ", ".join(sorted(set(by_name) - {circuit.name})) or "none"
            message = f"there is no circuit {circuit.parent!r}. Known are: {known}."
            report.add("circuit", f"{circuit.path}.parent", message, device=circuit.name)
        elif _circles(circuit, by_name):
            message = "leads back to this circuit. One circuit must have no parent."
            report.add("circuit", f"{circuit.path}.parent", message, device=circuit.name)
    roots = [circuit for circuit in circuits if not circuit.parent]
    for extra in roots[1:]:
        message = f"has no parent, and {roots[0].name!r} has none either. Only one circuit may be the root."
        report.add("circuit", extra.path, message, device=extra.name)


def _circles(circuit: CircuitConfig, by_name: dict[str, CircuitConfig]) -> bool:
    seen, parent = {circuit.name}, circuit.parent
    while parent in by_name:
        if parent in seen:
            return True
        seen.add(parent)
        parent = by_name[parent].parent
    return False
