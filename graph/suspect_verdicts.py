"""pySHACL (https://www.w3.org/TR/shacl/) judges the suspects; only this file knows it.

Its constraint components decide. Around them is what makes thousands of verdicts quick: components are made once and
not for each node, and a result is not put into words that nobody reads.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple, TypeAlias

from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.core.property_pair_constraints import (
    LessThanConstraintComponent,
    LessThanOrEqualsConstraintComponent,
)
from pyshacl.constraints.core.shape_based_constraints import PropertyConstraintComponent
from pyshacl.errors import ConstraintLoadError, ConstraintLoadWarning, ReportableRuntimeError, ShapeLoadError
from pyshacl.pytypes import GraphLike, RDFNode, SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import BNode, Graph, URIRef
from rdflib.term import Node

from .errors import OntologyError


class Result(NamedTuple):
    """One validation result (https://www.w3.org/TR/shacl/#results-validation-result) in rdflib's terms."""

    shape: Node
    focus: Node
    path: Node | None
    value: Node | None
    severity: Node
    component: Node
    source: ConstraintComponent

    def generic_message(self, graph: Graph) -> str:
        """What pySHACL says where the shape has no message of its own."""
        return " ".join(map(str, self.source.make_generic_messages(graph, self.focus, self.value)))


_Report: TypeAlias = tuple[str, Node, list[Result]]
"""How pySHACL hands on a result."""

_Verdict: TypeAlias = tuple[bool, list[_Report]]
_Trail: TypeAlias = list[Shape | ConstraintComponent]

_NODE = BNode()
_ORDERS = (LessThanConstraintComponent, LessThanOrEqualsConstraintComponent)


class _Brief(ConstraintComponent):
    """Keeps of a result what a finding needs; pySHACL spends two thirds of its time on describing each in words."""

    __slots__ = ()

    def make_v_result(  # type: ignore[override]
        self,
        datagraph: GraphLike,  # noqa: ARG002
        focus_node: RDFNode,
        value_node: RDFNode | None = None,
        result_path: RDFNode | None = None,
        constraint_component: RDFNode | None = None,
        **_texts: object,
    ) -> _Report:
        """Text, node and statements of a result, of which only the statements are used."""
        shape = self.shape
        path = result_path or _path(shape)
        component = constraint_component or self.shacl_constraint_component
        return "", _NODE, [Result(shape.node, focus_node, path, value_node, shape.severity, component, self)]


@cache
def _brief(component: type[ConstraintComponent]) -> type[ConstraintComponent]:
    return type(component.__name__, (_Brief, component), {"__slots__": ()})


def _path(shape: Shape) -> URIRef | BNode | None:
    path: URIRef | BNode | None = shape.path()  # type: ignore[no-untyped-call]
    return path


class _Shape(Shape):
    """A shape whose constraint components are made once and not for each node, as pySHACL does inside of shapes."""

    __slots__ = ("_components",)

    def __init__(self, shape: Shape) -> None:
        path = _path(shape)
        super().__init__(shape.sg, shape.node, p=shape.is_property_shape, path=path, logger=shape.logger)
        kinds = (CONSTRAINT_PARAMETERS_MAP.get(predicate) for predicate in shape.sg.graph.predicates(shape.node))
        self._components = list(self._make(kind for kind in dict.fromkeys(kinds) if kind is not None))

    def _make(self, kinds: Iterable[type[ConstraintComponent]]) -> Iterator[ConstraintComponent]:
        for kind in kinds:
            try:
                yield _brief(kind)(self)
            except ConstraintLoadWarning:
                continue  # a qualified value shape of a node shape counts nothing

    def validate(
        self,
        executor: SHACLExecutor,
        target_graph: Graph,
        focus: Node | Sequence[Node] | None = None,
        _evaluation_path: _Trail | None = None,
    ) -> _Verdict:
        """Whether the focus nodes conform, and the results."""
        if self.deactivated:
            return True, []
        trail = [*(_evaluation_path or ()), self]
        if len(trail) // 2 >= executor.max_validation_depth:
            raise ReportableRuntimeError("The shapes lead too deep into each other.")
        nodes = [focus] if isinstance(focus, Node) else list(focus or ())
        return self.judge(executor, target_graph, nodes, trail, self._components)

    def judge(
        self,
        executor: SHACLExecutor,
        graph: Graph,
        focus: Sequence[Node],
        trail: _Trail,
        components: Iterable[ConstraintComponent],
    ) -> _Verdict:
        """The verdict of some of the constraint components."""
        values = self.value_nodes(graph, focus)
        conforms = True
        reports: list[_Report] = []
        for component in components:
            good, found = component.evaluate(executor, graph, values, [*trail, component])
            conforms = conforms and good
            reports += found
        return conforms, reports

    def results(self, graph: Graph, focus: Sequence[Node], *, whole: bool) -> list[Result]:
        """The results at the focus nodes; without those of sh:property where the shape is not `whole`."""
        own = (part for part in self._components if whole or not isinstance(part, PropertyConstraintComponent))
        _, reports = self.judge(SHACLExecutor(), graph, focus, [self], own)
        return [statements[0] for _, _, statements in reports]

    def incomparable(self, graph: Graph, focus: Node) -> Iterator[Result]:
        """The results for blank nodes where an order is asked for: for SHACL not comparable, pySHACL gives up."""
        (values,) = self.value_nodes(graph, [focus]).values()
        for part in self._components:
            parameters = part.constraint_parameters() if isinstance(part, _ORDERS) else ()
            properties = [other for parameter in parameters for other in self.sg.graph.objects(self.node, parameter)]
            others = [other for predicate in properties for other in graph.objects(focus, predicate)]
            for value, other in product(values, others):
                if isinstance(value, BNode) or isinstance(other, BNode):
                    component = part.shacl_constraint_component
                    yield Result(self.node, focus, _path(self), value, self.severity, component, part)


class _Unchanging(Graph):
    """A shapes graph, of which pySHACL asks the same again for each node: the lists of sh:in, sh:or and their like."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(store=graph.store, identifier=graph.identifier, bind_namespaces="none")
        self._items: dict[Node, list[Node]] = {}

    def items(self, list: Node) -> Generator[Node, None, None]:  # noqa: A002
        """The members of an RDF list."""
        if list not in self._items:
            self._items[list] = [*super().items(list)]
        yield from self._items[list]


class Judge(ShapesGraph):
    """pySHACL's shapes graph, kept from one check to the next."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(_Unchanging(graph))
        try:
            self._shapes_by_node: dict[Node, _Shape] = {shape.node: _Shape(shape) for shape in self.shapes}
        except (ShapeLoadError, ConstraintLoadError) as error:
            raise OntologyError(f"A shape is malformed: {error}", hint="Mend it in the shapes folder.") from None

    def lookup_shape_from_node(self, node: Node) -> _Shape:
        """Where pySHACL looks for the shapes inside of shapes."""
        return self._shapes_by_node[node]

    def results(self, node: Node, graph: Graph, focus: Sequence[Node], *, whole: bool) -> list[Result]:
        """The results of a shape at the focus nodes; those of its sh:property too where it is `whole`."""
        shape = self._shapes_by_node[node]
        try:
            return shape.results(graph, focus, whole=whole)
        except ReportableRuntimeError:
            if len(focus) > 1:
                return [result for one in focus for result in self.results(node, graph, [one], whole=whole)]
            return list(shape.incomparable(graph, focus[0]))
