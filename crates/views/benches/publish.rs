//! One hot fact applied and published alone, over 10,000 to 1,000,000 identities: risk, hold, revocation and grant in
//! turn, on identities in random order. Times are CPU time of the thread; `cargo bench -p doorward-views`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use doorward_model::finding::Severity;
use doorward_model::hold::Hold;
use doorward_model::id::FactNumber;
use doorward_model::identity::IdentityKind;
use doorward_model::risk::Risk;
use doorward_model::time::Time;
use doorward_views::snapshot::entity::{EntityIx, Name};
use doorward_views::snapshot::writer::{EntityRow, Writer};

use crate::cpu_time::CpuTime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HOLDS: u32 = 10_000;
const REVOCATIONS: u32 = 100_000;

struct Stage {
    writer: Writer,
    identities: u32,
    turn: u32,
}

impl Stage {
    fn new(identities: u32) -> Self {
        let mut writer = Writer::new(9);
        for number in 0..identities {
            let row = EntityRow {
                name: Name::new("workload", &id(number)),
                identity: Some(IdentityKind::Workload),
                account: "111122223333".into(),
                ..EntityRow::default()
            };
            writer.put_entity(row).unwrap();
        }
        let mut stage = Self { writer, identities, turn: 0 };
        (0..HOLDS).for_each(|number| stage.place_hold(number * (identities / HOLDS)));
        (0..REVOCATIONS).for_each(|number| stage.writer.revoke(&format!("ASIA{number:016}")));
        stage.writer.publish(FactNumber(1));
        stage
    }

    fn place_hold(&mut self, number: u32) {
        let hold = Hold { id: format!("hold-{number}"), subject: id(number), ..Hold::default() };
        self.writer.place_hold(hold);
    }

    /// One fact of the rotation, folded.
    fn fold(&mut self) {
        self.turn += 1;
        let number = self.turn.wrapping_mul(2_654_435_761) % self.identities;
        match self.turn % 4 {
            0 => self.place_hold(number),
            1 => {
                let risk = Risk::of_finding(Severity::High, 900, Time::from_ms(i64::from(self.turn)));
                self.writer.set_risk(EntityIx(number), risk);
            }
            2 => self.writer.revoke(&format!("ASIB{:016}", self.turn)),
            _ => self.writer.set_grants(EntityIx(number), 1),
        }
    }

    fn fold_and_publish(&mut self) {
        self.fold();
        drop(black_box(self.writer.publish(FactNumber(self.turn.into()))));
    }
}

fn id(number: u32) -> String {
    format!("arn:aws:iam::111122223333:role/service-{number:07}")
}

fn bench(criterion: &mut Criterion<CpuTime>) {
    for identities in [10_000, 100_000, 1_000_000] {
        let mut stage = Stage::new(identities);
        let mut group = criterion.benchmark_group(format!("publish/{identities}"));
        group
            .sample_size(20)
            .measurement_time(Duration::from_secs(2))
            .warm_up_time(Duration::from_millis(500));
        group.bench_function("one hot fact", |bencher| bencher.iter(|| stage.fold_and_publish()));
        group.bench_function("100 facts at once", |bencher| {
            bencher.iter(|| {
                (0..99).for_each(|_| stage.fold());
                stage.fold_and_publish();
            });
        });
        group.finish();
        percentiles(&mut stage);
    }
}

/// By the clock on the wall, call by call: what else runs on the machine shows in the tail.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn percentiles(stage: &mut Stage) {
    let mut times: Vec<_> = (0..20_000)
        .map(|_| {
            let start = std::time::Instant::now();
            stage.fold_and_publish();
            start.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 1_000).unwrap();
    let [p50, p90, p99, p999] = [500, 900, 990, 999].map(at);
    println!("publish/{} wall ns: p50 {p50} p90 {p90} p99 {p99} p99.9 {p999}", stage.identities);
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime::default()).configure_from_args();
    bench(&mut criterion);
    criterion.final_summary();
}
