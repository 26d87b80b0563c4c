//! Building and changing graphs.

use doorward_privilege::graph::{Change, Edge, EdgeId, Graph, GraphError, Level, Node, NodeId};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::{prop_assert_eq, proptest};

use crate::naive::{edge, small};

fn all(graph: &Graph) -> (Vec<(NodeId, Node)>, Vec<Edge>, Vec<Edge>) {
    let into = graph.nodes().flat_map(|(to, _)| graph.edges_to(to));
    (graph.nodes().collect(), graph.edges().collect(), into.collect())
}

fn same(changed: &Graph, nodes: &[Node], edges: &[Edge]) {
    let fresh = Graph::new(nodes.to_vec(), edges).unwrap();
    assert_eq!(all(changed), all(&fresh));
    assert_eq!((changed.node_count(), changed.edge_count()), (nodes.len(), edges.len()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_graph_holds_its_edges_both_ways_in_order(small in small()) {
        let mut edges = small.edges.clone();
        let graph = small.graph();
        edges.reverse();
        same(&graph, &small.nodes, &edges);
        let mut sorted: Vec<Edge> = graph.edges().collect();
        let mut expected = edges.clone();
        expected.sort_unstable();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, expected);
    }

    #[test]
    fn a_changed_graph_is_the_one_that_is_built_anew(
        small in small(), steps in vec((vec(any::<bool>(), 60), vec(edge(9), 0..40), 0..2_usize), 1..6)
    ) {
        let mut graph = small.graph();
        let (mut nodes, mut edges) = (small.nodes, small.edges);
        let mut numbers = (1_000..).map(EdgeId);
        for (kept, come, grown) in steps {
            let mut change = Change { nodes: vec![Node::PASSAGE; grown], ..Change::default() };
            nodes.extend(&change.nodes);
            let known = |edge: &Edge| (edge.from.0.max(edge.to.0) as usize) < nodes.len();
            let come = come.into_iter().filter(known).zip(&mut numbers);
            change.added.extend(come.map(|(edge, id)| Edge { id, ..edge }));
            let mut kept = kept.into_iter().cycle();
            let (stay, gone): (Vec<Edge>, Vec<Edge>) = edges.into_iter().partition(|_| kept.next() == Some(true));
            change.removed.extend(gone.iter().map(|edge| (edge.from, edge.id)));
            edges = stay;
            edges.extend(&change.added);
            graph = graph.changed(&change).unwrap();
            same(&graph, &nodes, &edges);
        }
    }
}

fn one(from: u32, to: u32, id: u32) -> Edge {
    Edge { from: NodeId(from), to: NodeId(to), level: Level::Control, only_if: false, id: EdgeId(id) }
}

#[test]
fn an_edge_to_nowhere_is_refused_by_name() {
    let refused = Graph::new(vec![Node::SHOWN; 2], &[one(0, 1, 7), one(1, 2, 8)]);
    assert_eq!(refused.unwrap_err().to_string(), "edge 8 leads from node 1 to node 2, but there are 2 nodes");
    let graph = Graph::new(vec![Node::SHOWN; 2], &[one(0, 1, 7)]).unwrap();
    let change = Change { added: vec![one(2, 0, 9)], ..Change::default() };
    let refused = graph.changed(&change);
    assert_eq!(refused.unwrap_err(), GraphError::UnknownNode { edge: one(2, 0, 9), nodes: 2 });
}

#[test]
fn an_edge_that_is_not_there_does_not_go() {
    let graph = Graph::new(vec![Node::SHOWN; 2], &[one(0, 1, 7)]).unwrap();
    let change =
        Change { removed: vec![(NodeId(0), EdgeId(7)), (NodeId(1), EdgeId(7))], ..Change::default() };
    assert_eq!(graph.changed(&change).unwrap_err().to_string(), "no edge 7 leaves node 1");
}
