//! The identity graph: full reach of one node of a million, beside petgraph's; blast radius of all, one change, and
//! choke points, in an organisation of 50,000 identities. Times are CPU time of the thread;
//! `cargo bench -p doorward-privilege`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
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
use doorward_privilege::graph::{Filter, Graph, Node, NodeId};
use doorward_privilege::reach::reach;
use petgraph::visit::Bfs;

use crate::cpu_time::CpuTime;
use crate::generate::{estate, random};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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

fn blast_of_all(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("graph_blast");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for (name, accounts) in [("50 accounts", 50), ("one account", 1)] {
        let estate = estate(accounts, 50_000 / accounts);
        let graph = estate.graph();
        println!("{name}: {} nodes, {} edges", graph.node_count(), graph.edge_count());
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(blast(&graph, &estate.weights, &Filter::default())));
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime::default()).configure_from_args();
    blast_of_all(&mut criterion);
    full_reach(&mut criterion);
    criterion.final_summary();
}
