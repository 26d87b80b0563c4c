//! Choke points, beside what taking each node and edge away shows.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use doorward_privilege::blast::{Weights, blast};
use doorward_privilege::choke::{Choke, Chokes, Point, Saved, choke_points, saved};
use doorward_privilege::graph::{Edge, EdgeId, Filter, Graph, Level, Node, NodeId};
use fixedbitset::FixedBitSet;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_oneof};
use proptest::{prop_assert_eq, proptest};

use crate::naive::{self, Small, large, of_passages, small};

fn bits(small: &Small, mask: u8) -> FixedBitSet {
    small.ids().map(|id| id.0 as usize).filter(|id| mask >> (id % 8) & 1 == 1).collect()
}

fn shown(small: &Small, mask: u8) -> FixedBitSet {
    bits(small, mask).ones().filter(|id| !small.nodes[*id].passage).collect()
}

/// The identities outside the top tier that have a way to it.
fn exposed(small: &Small, identities: &FixedBitSet, top: &FixedBitSet) -> BTreeSet<NodeId> {
    let outside = small.ids().filter(|id| identities.contains(id.0 as usize) && !top.contains(id.0 as usize));
    let there = |(node, level): &(NodeId, Level)| *level == Level::Control && top.contains(node.0 as usize);
    let found = naive::states(small, outside).into_iter().filter(|(_, states)| states.iter().any(there));
    found.map(|(id, _)| id).collect()
}

fn without_node(small: &Small, node: NodeId) -> Small {
    let edges = small.edges.iter().copied().filter(|edge| edge.from != node && edge.to != node);
    Small { nodes: small.nodes.clone(), edges: edges.collect() }
}

fn without_edge(small: &Small, gone: &Edge) -> Small {
    let edges = small.edges.iter().copied().filter(|edge| edge != gone);
    Small { nodes: small.nodes.clone(), edges: edges.collect() }
}

/// By taking everything away, one after another.
fn one_by_one(small: &Small, identities: &FixedBitSet, top: &FixedBitSet) -> Chokes {
    let all = exposed(small, identities, top);
    let lost = |less: &Small, node: Option<NodeId>| {
        let left = exposed(less, identities, top);
        let lost = all.iter().filter(|id| !left.contains(id) && Some(**id) != node);
        u32::try_from(lost.count()).unwrap()
    };
    let nodes = small.ids().map(|node| Choke {
        point: Point::Node(node),
        cut_off: lost(&without_node(small, node), Some(node)),
    });
    let edges = small
        .edges
        .iter()
        .map(|edge| Choke { point: Point::Edge(*edge), cut_off: lost(&without_edge(small, edge), None) });
    let mut points: Vec<Choke> = nodes.chain(edges).filter(|choke| choke.cut_off > 0).collect();
    points.sort_unstable_by_key(|choke| (Reverse(choke.cut_off), choke.point));
    Chokes { exposed: u32::try_from(all.len()).unwrap(), points }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn what_a_point_cuts_off_is_who_has_no_way_without_it(
        small in prop_oneof![small(), of_passages()], identities in any::<u8>(), top in any::<u8>(), fewer in any::<u8>()
    ) {
        let (identities, top) = (shown(&small, identities), bits(&small, top & fewer));
        let found = choke_points(&small.graph(), &identities, &top, &Filter::default());
        prop_assert_eq!(found, one_by_one(&small, &identities, &top));
    }

    #[test]
    fn what_a_filter_leaves_out_might_as_well_be_gone(
        small in small(), kept in vec(any::<bool>(), 13), identities in any::<u8>(), top in any::<u8>()
    ) {
        let (identities, top) = (shown(&small, identities), bits(&small, top));
        let mut less = small.clone();
        less.edges.retain(|edge| kept[edge.id.0 as usize]);
        let only = less.edges.iter().map(|edge| edge.id.0 as usize).collect();
        let only = Filter { only_edges: Some(only), ..Filter::default() };
        let expected = choke_points(&less.graph(), &identities, &top, &Filter::default());
        prop_assert_eq!(choke_points(&small.graph(), &identities, &top, &only), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_a_cut_saves_is_by_how_much_radii_fall(small in small(), identities in any::<u8>()) {
        let identities = shown(&small, identities);
        let weights = Weights { weights: (0..7).map(|id| 1 + 9 * id).take(small.nodes.len()).collect(), identities };
        let graph = small.graph();
        let radii = |graph: &Graph| blast(graph, &weights, &Filter::default());
        let before = radii(&graph);
        let nodes = small.ids().map(|id| (Point::Node(id), without_node(&small, id)));
        let edges = small.edges.iter().map(|edge| (Point::Edge(*edge), without_edge(&small, edge)));
        for (point, less) in nodes.chain(edges) {
            let after = radii(&less.graph());
            let mut expected = Saved::default();
            for (id, (before, after)) in (0..).map(NodeId).zip(before.radii.iter().zip(&after.radii)) {
                if before.numerator > after.numerator && point != Point::Node(id) {
                    expected.identities += 1;
                    expected.numerator += before.numerator - after.numerator;
                }
            }
            prop_assert_eq!(saved(&graph, &weights, &before, point), Ok(expected), "{:?}", point);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn large_graphs_have_the_same_choke_points(small in large(), identities in any::<u8>(), top in 0..600_usize) {
        let identities = shown(&small, identities);
        let top: FixedBitSet = [top, top + 1, top + 2].into_iter().collect();
        let found = choke_points(&small.graph(), &identities, &top, &Filter::default());
        let all = exposed(&small, &identities, &top);
        prop_assert_eq!(found.exposed as usize, all.len());
        for choke in found.points.iter().take(20) {
            let (less, itself) = match choke.point {
                Point::Node(node) => (without_node(&small, node), Some(node)),
                Point::Edge(edge) => (without_edge(&small, &edge), None),
            };
            let left = exposed(&less, &identities, &top);
            let lost = all.difference(&left).filter(|id| Some(**id) != itself).count();
            prop_assert_eq!(choke.cut_off as usize, lost, "at {:?}", choke.point);
        }
    }
}

const SECRET: Node = Node { passage: false, opens: Level::List };

fn edge(id: u32, from: u32, to: u32, level: Level) -> Edge {
    Edge { from: NodeId(from), to: NodeId(to), level, only_if: false, id: EdgeId(id) }
}

fn cut(point: Point, cut_off: u32) -> Choke {
    Choke { point, cut_off }
}

/// 1 may list all of an account, and so the secret 2, which opens control over all of it: the top tier.
#[test]
fn a_way_through_a_passage_twice_is_cut_at_the_edge_that_lifts_it() {
    let [to_secret, may_list, opened] =
        [edge(0, 0, 2, Level::Control), edge(1, 1, 0, Level::List), edge(2, 2, 0, Level::Control)];
    let graph = Graph::new(vec![Node::PASSAGE, Node::SHOWN, SECRET], &[to_secret, may_list, opened]).unwrap();
    let (identities, top) = ([1, 2].into_iter().collect(), [0].into_iter().collect());
    let points = vec![
        cut(Point::Edge(opened), 2),
        cut(Point::Node(NodeId(0)), 2),
        cut(Point::Edge(to_secret), 1),
        cut(Point::Edge(may_list), 1),
        cut(Point::Node(NodeId(2)), 1),
    ];
    let found = choke_points(&graph, &identities, &top, &Filter::default());
    assert_eq!(found, Chokes { exposed: 2, points });
}

/// 1 may list all of an account, 2 controls it: only 1 needs the secret 3 on the way to the top, 4.
#[test]
fn an_edge_out_of_a_passage_cuts_off_those_who_come_at_a_level_that_has_no_other() {
    let edges = [
        edge(0, 0, 3, Level::Control),
        edge(1, 0, 4, Level::Control),
        edge(2, 1, 0, Level::List),
        edge(3, 2, 0, Level::Control),
        edge(4, 3, 4, Level::Control),
    ];
    let nodes = vec![Node::PASSAGE, Node::SHOWN, Node::SHOWN, SECRET, Node::SHOWN];
    let graph = Graph::new(nodes, &edges).unwrap();
    let (identities, top) = ([1, 2].into_iter().collect(), [4].into_iter().collect());
    let both = [0, 4].map(|node| cut(Point::Node(NodeId(node)), 2));
    let one = [0, 2, 3, 4].map(|edge| cut(Point::Edge(edges[edge]), 1));
    let points = both.into_iter().chain(one).chain([cut(Point::Node(NodeId(3)), 1)]).collect();
    let found = choke_points(&graph, &identities, &top, &Filter::default());
    assert_eq!(found, Chokes { exposed: 2, points });
}

#[test]
fn a_chain_of_100_000_roles_is_no_deeper_than_one_of_two() {
    let nodes = 100_000;
    let edge = |from| Edge {
        from: NodeId(from),
        to: NodeId(from + 1),
        level: Level::Control,
        only_if: false,
        id: EdgeId(from),
    };
    let edges: Vec<Edge> = (0..nodes - 1).map(edge).collect();
    let graph = Graph::new(vec![Node::SHOWN; nodes as usize], &edges).unwrap();
    let (identities, top) = ([0].into_iter().collect(), [nodes as usize - 1].into_iter().collect());
    let found = choke_points(&graph, &identities, &top, &Filter::default());
    assert_eq!((found.exposed, found.points.len()), (1, 2 * nodes as usize - 2));
    assert_eq!(found.points.first(), Some(&Choke { point: Point::Edge(edges[0]), cut_off: 1 }));
    let weights = Weights {
        weights: vec![1; nodes as usize],
        identities: (0..nodes as usize).step_by(10_000).collect(),
    };
    let radii = blast(&graph, &weights, &Filter::default()).radii;
    let numerators: Vec<u64> = radii.iter().step_by(10_000).map(|radius| radius.numerator).collect();
    let expected: Vec<u64> =
        (0..u64::from(nodes)).step_by(10_000).map(|id| (u64::from(nodes) - 1 - id) * 80).collect();
    assert_eq!(numerators, expected);
}
