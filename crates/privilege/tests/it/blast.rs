//! Blast radius and exposure, beside what trying every walk finds.

use doorward_privilege::blast::{Blast, Radius, Weights, blast, heaviest, radius};
use doorward_privilege::graph::{Change, Edge, EdgeId, Filter, Graph, Level, Node, NodeId};
use doorward_privilege::reach::{Best, reach};
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof};
use proptest::sample::Index;
use proptest::{prop_assert, prop_assert_eq, proptest};

use crate::naive::{self, Small, edge, large, of_passages, small};

fn weights(small: &Small, weights: &[u32], identities: u64) -> Weights {
    let shown = |id: &NodeId| !small.nodes[id.0 as usize].passage && identities >> (id.0 % 64) & 1 == 1;
    let weights = weights.iter().copied().cycle().take(small.nodes.len()).collect();
    Weights { weights, identities: small.ids().filter(shown).map(|id| id.0 as usize).collect() }
}

/// A bit for each identity: many of them, or so few that they are worked out in another way.
fn identities() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), any::<[u64; 3]>().prop_map(|[one, two, three]| one & two & three)]
}

/// The same, target by target.
fn one_by_one(small: &Small, weights: &Weights) -> Blast {
    let mut all =
        Blast { radii: vec![Radius::default(); small.nodes.len()], exposure: vec![0; small.nodes.len()] };
    let full = |id: &NodeId| match small.nodes[id.0 as usize].passage {
        true => 0,
        false => u64::from(weights.weights[id.0 as usize]) * 80,
    };
    for source in weights.identities.ones() {
        let id = NodeId(u32::try_from(source).unwrap());
        let whole: u64 = small.ids().filter(|other| *other != id).map(|other| full(&other)).sum();
        let mut numerator = 0;
        for (target, found) in naive::reached(small, id) {
            numerator += u64::from(found.eightieths) * u64::from(weights.weights[target.0 as usize]);
            all.exposure[target.0 as usize] += 1;
        }
        all.radii[source] = Radius { numerator, whole };
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn all_at_once_are_as_each_by_itself(
        small in prop_oneof![small(), of_passages()], each in vec(any::<u32>(), 1..7), identities in identities()
    ) {
        let weights = weights(&small, &each, identities);
        let graph = small.graph();
        let expected = one_by_one(&small, &weights);
        prop_assert_eq!(&blast(&graph, &weights, &Filter::default()), &expected);
        for source in weights.identities.ones() {
            let id = NodeId(u32::try_from(source).unwrap());
            let reached = reach(&graph, id, &Filter::default());
            prop_assert_eq!(radius(&graph, &weights, id, &reached), expected.radii[source]);
        }
    }

    #[test]
    fn what_a_filter_leaves_out_might_as_well_be_gone(
        small in small(), kept in vec(any::<bool>(), 13), identities in identities()
    ) {
        let weights = weights(&small, &[1, 10, 100], identities);
        let mut less = small.clone();
        less.edges.retain(|edge| kept[edge.id.0 as usize]);
        let only = less.edges.iter().map(|edge| edge.id.0 as usize).collect();
        let only = Filter { only_edges: Some(only), ..Filter::default() };
        let expected = blast(&less.graph(), &weights, &Filter::default());
        prop_assert_eq!(blast(&small.graph(), &weights, &only), expected);
    }

    #[test]
    fn what_goes_never_adds(small in small(), gone in any::<Index>(), identities in identities()) {
        let weights = weights(&small, &[1, 10, 100], identities);
        let before = blast(&small.graph(), &weights, &Filter::default());
        let mut less = small;
        if !less.edges.is_empty() {
            less.edges.remove(gone.index(less.edges.len()));
        }
        let after = blast(&less.graph(), &weights, &Filter::default());
        for (before, after) in before.radii.iter().zip(&after.radii) {
            prop_assert!(after.numerator <= before.numerator);
            prop_assert!(before.numerator <= before.whole && before.whole == after.whole);
        }
        prop_assert!(after.exposure.iter().zip(&before.exposure).all(|(after, before)| after <= before));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn after_a_change_all_is_as_if_worked_out_anew(
        small in small(), kept in vec(weighted(0.8), 13), come in vec(edge(8), 0..4), identities in identities(),
        avoid in option::of(0..8_u32), heavier in vec(weighted(0.2), 8), others in any::<u64>(), same in weighted(0.7)
    ) {
        let mut after = small.clone();
        let mut change = Change { nodes: vec![Node::SHOWN], ..Change::default() };
        after.nodes.push(Node::SHOWN);
        after.edges.retain(|edge| kept[edge.id.0 as usize]);
        let gone = small.edges.iter().filter(|edge| !kept[edge.id.0 as usize]);
        change.removed.extend(gone.map(|edge| (edge.from, edge.id)));
        let known = |edge: &Edge| (edge.from.0.max(edge.to.0) as usize) < after.nodes.len();
        let come = come.into_iter().filter(known).zip(100..);
        change.added.extend(come.map(|(edge, id)| Edge { id: EdgeId(id), ..edge }));
        after.edges.extend(&change.added);
        let each = [1, 10, 100, 3, 0, 7, 2, 50];
        let mut later = each;
        later.iter_mut().zip(heavier).filter(|(_, is)| *is).for_each(|(weight, _)| *weight = 101 - *weight);
        let others = if same { identities } else { others };
        let (old, new) = (weights(&small, &each, identities), weights(&after, &later, others));
        let filter = Filter { avoid_nodes: avoid.into_iter().map(NodeId).collect(), ..Filter::default() };
        let graph = small.graph();
        let changed = graph.changed(&change).unwrap();
        let updated = blast(&graph, &old, &filter).changed((&graph, &changed), &change, (&old, &new), &filter);
        prop_assert_eq!(updated, blast(&after.graph(), &new, &filter));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn many_walk_as_few(small in large(), each in vec(0_u32..200, 1..7), identities in identities(), avoid in 0..700_u32) {
        let weights = weights(&small, &each, identities);
        let graph = small.graph();
        let mut filter = Filter::default();
        filter.avoid_nodes.extend([NodeId(avoid)]);
        for filter in [Filter::default(), filter] {
            let all = blast(&graph, &weights, &filter);
            let mut exposure = vec![0; small.nodes.len()];
            for source in weights.identities.ones() {
                let id = NodeId(u32::try_from(source).unwrap());
                let reached = reach(&graph, id, &filter);
                prop_assert_eq!(all.radii[source], radius(&graph, &weights, id, &reached), "of {}", source);
                reached.iter().for_each(|(target, _)| exposure[target.0 as usize] += 1);
            }
            prop_assert_eq!(&all.exposure, &exposure);
        }
    }
}

/// 0 becomes 1, may perhaps write 2, and reads 3.
fn example() -> (Graph, Weights) {
    let edge =
        |(to, level, only_if)| Edge { from: NodeId(0), to: NodeId(to), level, only_if, id: EdgeId(to) };
    let edges = [(1, Level::Control, false), (2, Level::Write, true), (3, Level::Read, false)].map(edge);
    let graph = Graph::new(vec![Node::SHOWN; 5], &edges).unwrap();
    (graph, Weights { weights: vec![7, 1, 10, 100, 1], identities: [0].into_iter().collect() })
}

#[test]
fn a_blast_radius_opens_into_what_makes_it_up() {
    let (graph, weights) = example();
    let reached = reach(&graph, NodeId(0), &Filter::default());
    let all = radius(&graph, &weights, NodeId(0), &reached);
    assert_eq!(all, Radius { numerator: 80 + 240 + 3_200, whole: 80 * 112 });
    assert_eq!(all.millipercent(), 39_285);
    let best = |node| reached.best(NodeId(node)).unwrap();
    let parts = [(NodeId(3), best(3), 3_200), (NodeId(2), best(2), 240)];
    assert_eq!(heaviest(&weights, &reached, 2), parts);
    assert_eq!(heaviest(&weights, &reached, 9).len(), 3);
    assert_eq!(heaviest(&weights, &reached, 0), Vec::<(NodeId, Best, u64)>::new());
}

#[test]
fn who_controls_all_others_has_all_of_a_hundred_percent() {
    let whole = Radius { numerator: 80 * 5, whole: 80 * 5 };
    assert_eq!(whole.millipercent(), 100_000);
    assert_eq!(Radius::default().millipercent(), 0);
}
