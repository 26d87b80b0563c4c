//! Reach and paths, beside what trying every walk finds.

use std::collections::{BTreeMap, BTreeSet};

use doorward_privilege::graph::{Edge, EdgeId, Filter, Graph, Level, Node, NodeId};
use doorward_privilege::reach::{Best, Path, best_path, best_paths, reach, sources};
use proptest::prelude::{ProptestConfig, any, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};

use crate::naive::{self, Found, Small, of_passages, ordinary, small};

const NO_FILTER: Filter =
    Filter { avoid_nodes: BTreeSet::new(), avoid_edges: BTreeSet::new(), only_edges: None };

/// What is compared of a best: eightieths and level.
type Told = (u32, Level);

fn told(best: Best) -> Told {
    (best.eightieths(), best.level)
}

fn as_reached(graph: &Graph, source: NodeId, filter: &Filter) -> BTreeMap<NodeId, Told> {
    reach(graph, source, filter).iter().map(|(node, best)| (node, told(best))).collect()
}

fn as_tried(small: &Small, source: NodeId) -> BTreeMap<NodeId, Told> {
    naive::reached(small, source)
        .into_iter()
        .map(|(node, found)| (node, (found.eightieths, found.level)))
        .collect()
}

fn left(small: &Small, filter: &Filter) -> Small {
    let used = |edge: &&Edge| filter.only_edges.as_ref().is_none_or(|only| only.contains(edge.id.0 as usize));
    let kept = small.edges.iter().filter(used).filter(|edge| {
        !filter.avoid_edges.contains(&edge.id)
            && !filter.avoid_nodes.contains(&edge.from)
            && !filter.avoid_nodes.contains(&edge.to)
    });
    Small { nodes: small.nodes.clone(), edges: kept.copied().collect() }
}

/// A filter by the bits of two numbers.
fn filter(nodes: u8, edges: u16, only: Option<u16>) -> Filter {
    Filter {
        avoid_nodes: (0..8).filter(|bit| nodes >> bit & 1 == 1).map(NodeId).collect(),
        avoid_edges: (0..16).filter(|bit| edges >> bit & 1 == 1).map(EdgeId).collect(),
        only_edges: only.map(|only| (0..16).filter(|bit| only >> bit & 1 == 1).collect()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_reached_is_what_trying_every_walk_finds(small in small()) {
        let graph = small.graph();
        for source in small.ids() {
            prop_assert_eq!(as_reached(&graph, source, &NO_FILTER), as_tried(&small, source), "from {:?}", source);
            let all = reach(&graph, source, &NO_FILTER);
            prop_assert_eq!(all.count(), all.iter().count());
            for node in small.ids() {
                let listed = all.iter().find(|(other, _)| *other == node).map(|(_, best)| best);
                prop_assert_eq!(all.best(node), listed);
            }
        }
    }

    #[test]
    fn a_filter_is_the_graph_without_what_it_leaves_out(
        small in small(), nodes in any::<u8>(), edges in any::<u16>(), only in any::<Option<u16>>()
    ) {
        let (graph, filter) = (small.graph(), filter(nodes & nodes >> 1, edges & edges >> 1, only));
        let left = left(&small, &filter);
        for source in small.ids() {
            let expected = as_tried(&left, source);
            prop_assert_eq!(as_reached(&graph, source, &filter), expected, "from {:?}", source);
            prop_assert_eq!(sources(&graph, source, &filter), sources(&left.graph(), source, &NO_FILTER));
            for target in small.ids() {
                let there = best_path(&graph, source, target, &filter);
                prop_assert_eq!(there, best_path(&left.graph(), source, target, &NO_FILTER));
            }
        }
    }

    #[test]
    fn who_reaches_a_node_is_who_finds_it_in_their_reach(small in small()) {
        let graph = small.graph();
        for target in small.ids().filter(|id| !small.nodes[id.0 as usize].passage) {
            let shown = small.ids().filter(|id| !small.nodes[id.0 as usize].passage);
            let expected: Vec<(NodeId, Told)> = shown
                .filter_map(|source| Some((source, *as_tried(&small, source).get(&target)?)))
                .collect();
            let got: Vec<(NodeId, Told)> =
                sources(&graph, target, &NO_FILTER).into_iter().map(|(node, best)| (node, told(best))).collect();
            prop_assert_eq!(got, expected, "of {:?}", target);
        }
    }

    #[test]
    fn the_best_path_is_a_path_and_none_is_better(small in small()) {
        let graph = small.graph();
        for source in small.ids() {
            let mut expected = naive::reached(&small, source);
            for target in small.ids().filter(|id| !small.nodes[id.0 as usize].passage) {
                let path = best_path(&graph, source, target, &NO_FILTER);
                prop_assert_eq!(path.as_ref().map(found), expected.remove(&target));
                if let Some(path) = path {
                    prop_assert!(is_walk(&small, &path, source, target), "{:?}", path);
                }
            }
        }
    }

    #[test]
    fn further_paths_differ_and_come_in_order(
        small in prop_oneof![small(), of_passages()], count in 1_usize..6
    ) {
        let graph = small.graph();
        let source = NodeId(0);
        for target in small.ids().filter(|id| id.0 > 0 && !small.nodes[id.0 as usize].passage) {
            let paths = best_paths(&graph, source, target, &NO_FILTER, count);
            let mut crossed = BTreeSet::new();
            for path in &paths {
                prop_assert!(is_walk(&small, path, source, target), "{:?}", path);
                prop_assert!(crossed.insert(nodes(path, source)), "{:?} twice", path);
            }
            let order: Vec<Found> = paths.iter().map(found).collect();
            prop_assert!(order.is_sorted_by(|one, other| one >= other), "{:?}", order);
            prop_assert_eq!(order.first().copied(), naive::reached(&small, source).remove(&target));
        }
    }

    #[test]
    fn no_way_over_ordinary_nodes_is_left_out(small in ordinary(), count in 1_usize..12) {
        let graph = small.graph();
        let source = NodeId(0);
        for target in small.ids().skip(1) {
            let paths = best_paths(&graph, source, target, &NO_FILTER, count);
            let once = |nodes: &[NodeId]| nodes.iter().collect::<BTreeSet<_>>().len() == nodes.len();
            let ways = naive::ways(&small, source, target).into_iter().filter(|(nodes, _)| once(nodes));
            let mut ways: Vec<Found> = ways.map(|(_, found)| found).collect();
            ways.sort_unstable_by(|one, other| other.cmp(one));
            ways.truncate(count);
            prop_assert_eq!(paths.iter().map(found).collect::<Vec<_>>(), ways);
        }
    }
}

#[test]
fn a_step_through_passages_gives_the_lowest_level_of_its_edges_on_every_path() {
    let nodes = vec![Node::SHOWN, Node::PASSAGE, Node::PASSAGE, Node::PASSAGE, Node::SHOWN];
    let lead = [(0, 1, Level::Read), (1, 2, Level::Control), (2, 4, Level::Control)];
    let around = [(2, 3, Level::Write), (3, 4, Level::Control)];
    let edge =
        |(from, to, level)| Edge { from: NodeId(from), to: NodeId(to), level, only_if: false, id: EdgeId(0) };
    let edges = naive::numbered(lead.into_iter().chain(around).map(edge).collect());
    let graph = Graph::new(nodes, &edges).unwrap();
    let best = Best { level: Level::Read, conditions: 0 };
    let path = |numbers: &[usize]| Path {
        best,
        conditions: 0,
        hops: 1,
        edges: numbers.iter().map(|number| edges[*number]).collect(),
    };
    let expected = [path(&[0, 1, 2]), path(&[0, 1, 3, 4])];
    assert_eq!(best_paths(&graph, NodeId(0), NodeId(4), &NO_FILTER, 3), expected);
}

#[test]
fn what_can_be_reached_never_comes_to_nothing() {
    let worth = |conditions| Level::ALL.map(|level| Best { level, conditions }.eightieths());
    let all = [0, 1, 2, 3, 4, u8::MAX].map(worth);
    let least = [1, 4, 6, 10];
    assert_eq!(all, [[8, 32, 48, 80], [4, 16, 24, 40], [2, 8, 12, 20], least, least, least]);
}

fn found(path: &Path) -> Found {
    Found {
        eightieths: path.best.eightieths(),
        level: path.best.level,
        conditions: std::cmp::Reverse(path.conditions),
        hops: std::cmp::Reverse(path.hops),
    }
}

fn nodes(path: &Path, source: NodeId) -> Vec<NodeId> {
    std::iter::once(source).chain(path.edges.iter().map(|edge| edge.to)).collect()
}

/// Whether each edge is one of the graph, begins where the last one ended, and leads on.
fn is_walk(small: &Small, path: &Path, source: NodeId, target: NodeId) -> bool {
    let mut at = source;
    let mut level = Level::Control;
    for (number, edge) in path.edges.iter().enumerate() {
        let node = small.nodes[at.0 as usize];
        if !small.edges.contains(edge) || edge.from != at || (number > 0 && level < node.opens) {
            return false;
        }
        level = if node.passage { level.min(edge.level) } else { edge.level };
        at = edge.to;
    }
    let shown = |edge: &Edge| u32::from(!small.nodes[edge.to.0 as usize].passage);
    let hops = path.edges.iter().map(shown).sum::<u32>();
    let conditions = path.edges.iter().map(|edge| u32::from(edge.only_if)).sum::<u32>();
    (at, level, path.hops, path.conditions) == (target, path.best.level, hops, conditions)
}
