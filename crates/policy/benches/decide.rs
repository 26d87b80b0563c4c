//! One decision in process: three shapes of policies, 100 and 10,000 of them, 100,000 entities, a few callers again
//! and again (hot) and ever others (cold). Times are CPU time of the thread; `cargo bench -p doorward-policy`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use doorward_model::decision::{Effect, Mode};
use doorward_model::id::FactNumber;
use doorward_model::identity::IdentityKind;
use doorward_model::time::Time;
use doorward_policy::decide::{Caller, Request};
use doorward_policy::evaluate::{EntityRef, Query};
use doorward_policy::policy_set::PolicySet;
use doorward_policy::policy_set::load::{Source, Sources};
use doorward_policy::world::{Settings, World};
use doorward_policy::{decide, evaluate};
use doorward_proof::{Asker, loopback_pep};
use doorward_views::snapshot::attribute::{Attribute, Record};
use doorward_views::snapshot::entity::Name;
use doorward_views::snapshot::overlay::Overlay;
use doorward_views::snapshot::writer::{EntityRow, Writer};

use crate::cpu_time::CpuTime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USERS: u32 = 60_000;
const DOCS: u32 = 30_000;
const GROUPS: u32 = 10_000;
const NOW: Time = Time::from_ms(1_760_000_000_000);

const SCHEMA: &str = "
type Context = { mfa: Bool, channel: String };
entity Role in [Role];
entity Folder in [Folder];
entity User in [Role] { dept: String, clearance: Long, active: Bool, title: String };
entity Doc in [Folder] { classification: Long, owner: String };
action read, list appliesTo { principal: User, resource: Doc, context: Context };
";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    A,
    B,
    C,
}

fn policy(shape: Shape, i: u32) -> String {
    match shape {
        Shape::A => format!("permit(principal == User::\"u{i}\", action == Action::\"read\", resource == Doc::\"d{i}\");\n"),
        Shape::B => format!(
            "permit(principal in Role::\"r{i}\", action in [Action::\"read\", Action::\"list\"], resource in Folder::\"f{i}\")
             when {{ context.mfa == true && resource.classification <= principal.clearance }};\n"
        ),
        Shape::C => format!(
            "permit(principal, action, resource)
             when {{ principal.dept == \"dept{i}\" && resource.classification <= principal.clearance && context.mfa == true }};\n"
        ),
    }
}

fn policies(shape: Shape, count: u32) -> PolicySet {
    let text = (0..count).map(|i| policy(shape, i)).collect();
    let source = |path: &str, text: String| Source { path: path.to_owned(), text };
    let sources = Sources {
        policies: vec![source("bench.cedar", text)],
        schema: vec![source("bench.cedarschema", SCHEMA.to_owned())],
        links: Vec::new(),
    };
    PolicySet::load(&sources).unwrap()
}

fn record<const N: usize>(parts: [(&str, Attribute); N]) -> Record {
    parts.into_iter().map(|(name, value)| (Arc::from(name), value)).collect()
}

/// Users in three roles with three more above each pair, documents in folders three deep: 7-9 ancestors each.
fn entities(count: u32) -> Writer {
    let mut writer = Writer::new(5);
    let numbered = |kind: &str, letter: char, i: u32| Name::new(kind, &format!("{letter}{i}"));
    for i in 0..GROUPS {
        for (kind, letter) in [("Role", 'r'), ("Folder", 'f')] {
            let parents =
                [GROUPS + i % 97, GROUPS + 100 + i % 89].map(|at| numbered(kind, letter, at)).into();
            writer
                .put_entity(EntityRow { name: numbered(kind, letter, i), parents, ..EntityRow::default() })
                .unwrap();
        }
    }
    for i in 0..USERS {
        let roles = [i % count, (i * 7 + 1) % GROUPS + GROUPS * 2, i % 1_000 + GROUPS * 4];
        let row = EntityRow {
            name: numbered("User", 'u', i),
            identity: Some(IdentityKind::Human),
            attributes: record([
                ("dept", Attribute::from(format!("dept{}", i % count).as_str())),
                ("clearance", Attribute::Long(3)),
                ("active", Attribute::Bool(true)),
                ("title", Attribute::from("engineer")),
            ]),
            parents: roles.map(|at| numbered("Role", 'r', at)).into(),
            ..EntityRow::default()
        };
        writer.put_entity(row).unwrap();
    }
    for i in 0..DOCS {
        let row = EntityRow {
            name: numbered("Doc", 'd', i),
            attributes: record([
                ("classification", Attribute::Long(2)),
                ("owner", Attribute::from("someone")),
            ]),
            parents: vec![
                numbered("Folder", 'f', i % count),
                numbered("Folder", 'f', i % 1_000 + GROUPS * 4),
            ],
            ..EntityRow::default()
        };
        writer.put_entity(row).unwrap();
    }
    writer
}

/// A user, a document, and whether a policy permits it.
type Pair = (String, String, bool);

/// Pairs that one policy each permits. Of shape A there are only as many as policies: where that is not enough to be
/// cold, most pairs are ones that no policy names.
fn pairs(shape: Shape, count: u32, how_many: u32) -> Vec<Pair> {
    let by_name = shape == Shape::A;
    let all = if by_name && how_many <= count { count } else { USERS };
    let pair = |at: u32| {
        let user = at.wrapping_mul(2_654_435_761) % all;
        (format!("u{user}"), format!("d{}", user % DOCS), !by_name || user < count)
    };
    (0..how_many).map(pair).collect()
}

fn bench(criterion: &mut Criterion<CpuTime>) {
    for count in [100, 10_000] {
        let snapshot = entities(count).publish(FactNumber(1));
        for shape in [Shape::A, Shape::B, Shape::C] {
            let settings = Settings { mode: Mode::Enforce, ..Settings::default() };
            let policy = Arc::new(policies(shape, count));
            let world = World::new(Arc::clone(&snapshot), Arc::new(Overlay::default()), policy, settings);
            for (heat, how_many) in [("hot", 64), ("cold", 4_096)] {
                measure(
                    criterion,
                    &world,
                    &format!("{shape:?}/{count}/{heat}"),
                    &pairs(shape, count, how_many),
                );
            }
        }
    }
}

fn measure(criterion: &mut Criterion<CpuTime>, world: &World, name: &str, pairs: &[Pair]) {
    let loopback = loopback_pep();
    let Ok(Asker::Pep(pep)) = loopback.asker() else { return };
    let context = record([("mfa", Attribute::Bool(true)), ("channel", Attribute::from("web"))]);
    let decided = |(user, doc, _): &Pair| {
        let subject = EntityRef { kind: "User", id: user };
        let resource = EntityRef { kind: "Doc", id: doc };
        let request = Request::new(Caller::Asserted { pep, mode: Mode::Enforce, subject }, "read", resource);
        decide(world, &Request { context: Some(&context), ..request }, NOW)
    };
    let evaluated = |(user, doc, _): &Pair| {
        let principal = EntityRef { kind: "User", id: user };
        let action = EntityRef { kind: "Action", id: "read" };
        let resource = EntityRef { kind: "Doc", id: doc };
        evaluate(world, &Query { principal, action, resource, context: &context }).unwrap()
    };
    assert!(pairs.iter().all(|pair| (decided(pair).effect() == Effect::Permit) == pair.2), "{name}");
    assert!(pairs.iter().all(|pair| evaluated(pair).allowed == pair.2), "{name}");
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    let mut turn = pairs.iter().cycle();
    group.bench_function("decide", |bencher| bencher.iter(|| black_box(decided(turn.next().unwrap()))));
    group.bench_function("evaluate", |bencher| bencher.iter(|| black_box(evaluated(turn.next().unwrap()))));
    group.finish();
    percentiles(name, || drop(black_box(decided(turn.next().unwrap()))));
}

/// By the clock on the wall, call by call: what else runs on the machine shows in the tail.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn percentiles(name: &str, mut call: impl FnMut()) {
    let mut times: Vec<_> = (0..50_000)
        .map(|_| {
            let start = std::time::Instant::now();
            call();
            start.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 1_000).unwrap();
    println!("{name}/decide wall ns: p50 {} p90 {} p99 {} p99.9 {}", at(500), at(900), at(990), at(999));
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime::default()).configure_from_args();
    bench(&mut criterion);
    criterion.final_summary();
}
