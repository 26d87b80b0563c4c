//! The identity graph: full reach of one node of a million, beside petgraph's; blast radius of all, one change, and
//! choke points, in an organisation of 50,000 identities. Times are CPU time of the thread;
//! `cargo bench -p doorward-privilege`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;
#[path = "graph/generate.rs"]
mod generate;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use doorward_privilege::blast::blast;
use doorward_privilege::choke::choke_points;
use doorward_privilege::graph::{Change, Edge, EdgeId, Filter, Graph, Level, Node, NodeId};
use doorward_privilege::reach::reach;
use petgraph::visit::Bfs;

use crate::cpu_time::CpuTime;
use crate::generate::{Dice, Estate, estate, random};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const IDENTITIES: u32 = 50_000;
const NODES: u32 = 1_000_000;
const EDGES: u32 = 10_000_000;

fn full_reach(criterion: &mut Criterion<CpuTime>) {
    let edges = random(NODES, EDGES);
    let graph = Graph::new(vec![Node::SHOWN; NODES as usize], &edges).unwrap();
    let mut sorted: Vec<(u32, u32)> = edges.iter().map(|edge| (edge.from.0, edge.to.0)).collect();
    drop(edges);
    sorted.sort_unstable();
    sorted.dedup();
    let peer = petgraph::csr::Csr::<(), (), petgraph::Directed, u32>::from_sorted_edges(&sorted).unwrap();
    let all = reach(&graph, NodeId(0), &Filter::default()).count();
    assert_eq!(all + 1, peer_reach(&peer), "both reach the same");
    println!("full reach: {all} nodes of {}", peer.node_count());
    let mut group = criterion.benchmark_group("graph_reach");
    group.sample_size(10).throughput(Throughput::Elements(EDGES.into()));
    group.bench_function("doorward", |bencher| {
        bencher.iter(|| black_box(reach(&graph, NodeId(0), &Filter::default())));
    });
    group.bench_function("petgraph Csr", |bencher| bencher.iter(|| black_box(peer_reach(&peer))));
    group.finish();
}

fn peer_reach(peer: &petgraph::csr::Csr<(), (), petgraph::Directed, u32>) -> usize {
    let mut walk = Bfs::new(peer, 0);
    std::iter::from_fn(|| walk.next(peer)).count()
}

/// Organisations of 50,000 identities: in 50 accounts, and in one, where administrators reach all.
fn organisations(criterion: &mut Criterion<CpuTime>) {
    for (name, accounts) in [("50 accounts", 50), ("one account", 1)] {
        let estate = estate(accounts, IDENTITIES / accounts);
        let graph = estate.graph();
        let before = blast(&graph, &estate.weights, &Filter::default());
        println!("{name}: {} nodes, {} edges", graph.node_count(), graph.edge_count());
        let mut group = criterion.benchmark_group(format!("graph_{name}"));
        group.sample_size(10).measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
        group.bench_function("blast radius of all", |bencher| {
            bencher.iter(|| black_box(blast(&graph, &estate.weights, &Filter::default())));
        });
        let change = changed_policy(&graph, &estate);
        group.bench_function("one changed policy", |bencher| {
            bencher.iter(|| {
                let after = graph.changed(&change).unwrap();
                black_box(before.changed(
                    (&graph, &after),
                    &change,
                    (&estate.weights, &estate.weights),
                    &Filter::default(),
                ))
            });
        });
        let after = graph.changed(&change).unwrap();
        let updated =
            before.changed((&graph, &after), &change, (&estate.weights, &estate.weights), &Filter::default());
        assert_eq!(updated, blast(&after, &estate.weights, &Filter::default()), "as worked out anew");
        let top = estate.top.iter().map(|node| node.0 as usize).collect();
        let chokes = choke_points(&graph, &estate.weights.identities, &top, &Filter::default());
        println!("{name}: {} exposed, {} choke points", chokes.exposed, chokes.points.len());
        group.bench_function("choke points", |bencher| {
            bencher.iter(|| {
                black_box(choke_points(&graph, &estate.weights.identities, &top, &Filter::default()))
            });
        });
        group.finish();
    }
}

/// A policy that ten roles hold: one resource goes, another and a role come, for each of them.
fn changed_policy(graph: &Graph, estate: &Estate) -> Change {
    let mut change = Change::default();
    let mut dice = Dice(11);
    let (other, role) = (NodeId(IDENTITIES + dice.below(1_000)), NodeId(dice.below(1_000)));
    for holder in (0..10).map(|_| NodeId(dice.below(1_000))) {
        let resource =
            graph.edges_from(holder).find(|edge| edge.to.0 >= IDENTITIES && edge.to.0 < 2 * IDENTITIES);
        change.removed.extend(resource.map(|edge| (holder, edge.id)));
        for (to, level) in [(other, Level::Read), (role, Level::Control)] {
            let id = EdgeId(u32::try_from(estate.edges.len() + change.added.len()).unwrap());
            change.added.push(Edge { from: holder, to, level, only_if: false, id });
        }
    }
    change
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime::default()).configure_from_args();
    organisations(&mut criterion);
    full_reach(&mut criterion);
    criterion.final_summary();
}
