//! What one identity takes in memory: state, resolver, snapshot and all their names, as the kernel counts resident
//! pages. Simulated people, machines and agents act for some days; a process of its own makes the records, so that
//! what makes them is not counted, and each size is measured in a fresh process. What reading and folding take for
//! themselves, whoever there is, stands before the count begins: the first records go to a fold that is dropped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "../../../benches/asked.rs"]
mod asked;
#[path = "../../../benches/resident.rs"]
mod resident;

use std::hint::black_box;
use std::io::{Read, Write, stdout};
use std::process::{Command, Stdio};

use doorward::writer::{Moment, Writer};
use doorward_detect::{Judging, Settings};
use doorward_engine::{Engine, Judge, Rules};
use doorward_intake::{Item, Limits, Reader};
use doorward_journal::{Keep, Memory};
use doorward_model::event::Event;
use doorward_model::id::TenantId;
use doorward_model::time::{Millis, Time};
use doorward_respond::Ladder;
use doorward_simulate::{AttackPlan, Plan, delivered, organisation};
use doorward_views::publish::Publisher;

use crate::asked::asked;
use crate::resident::status_bytes;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Identities, and for how many days they act: longer where that is affordable.
const SIZES: [(u32, u32); 3] = [(10_000, 14), (100_000, 2), (1_000_000, 1)];
/// Of how many identities the records of a whole day are made at once.
const AT_ONCE: u32 = 250_000;
/// Fingerprints are bounded by a number of their own, whoever there is.
const FINGERPRINTS: usize = 1_000;
/// How many pieces of a megabyte go to the fold that is dropped.
const WARM_PIECES: usize = 8;

/// Writes the records of an organisation in the order of time.
fn make(identities: u32, days: u32) {
    let plan = Plan { attacks: AttackPlan::None, ..Plan::new(7, identities, days) };
    let organisation = organisation(&plan);
    let mut out = stdout().lock();
    let pieces = i64::from(days * identities.div_ceil(AT_ONCE));
    let (begins, whole) = (plan.day_start(0), plan.end() - plan.day_start(0));
    let place = |piece: i64| begins + Millis(whole.0 * piece / pieces);
    for piece in 0..pieces {
        for chunk in organisation.between(place(piece), place(piece + 1)).chunks(1_000) {
            out.write_all(&delivered(chunk)).unwrap();
            out.write_all(b"\n").unwrap();
        }
    }
}

struct Fold {
    writer: Writer<Memory>,
    publisher: Publisher,
}

impl Fold {
    fn new() -> Self {
        let rules = Rules {
            judge: Judge { from: Time::MIN, judging: Judging::Full },
            settings: Settings::default(),
            ladder: Ladder::default(),
        };
        let journal = Memory::with_fingerprints(Keep::Nothing, FINGERPRINTS).unwrap();
        let engine = Engine::new(TenantId::from("bench"), rules, 1, 7);
        Self { writer: Writer::open(journal, engine).unwrap(), publisher: Publisher::new(7) }
    }

    fn take(&mut self, events: &mut Vec<Box<Event>>) {
        for event in events.drain(..) {
            let at = event.happened_at();
            self.writer.take(event, Moment::filed(at)).unwrap();
        }
        self.writer.flush().unwrap();
        let told = self.writer.take_told();
        let control = &self.writer.engine().state.control;
        told.iter().for_each(|fact| self.publisher.fold(fact, control));
        drop(self.publisher.publish(control.fact_number));
    }
}

/// Folds what another process makes, and says what has been added to this one.
fn measure(program: &str, identities: u32, days: u32) {
    let mut maker = Command::new(program)
        .args(["make", &identities.to_string(), &days.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut records = maker.stdout.take().unwrap();
    let (mut buffer, mut events) = (vec![0; 1 << 20], Vec::new());
    let (mut before, mut pieces) = (0, 0);
    let mut fold = Fold::new();
    let mut reader = Reader::new("bench", Limits::default());
    loop {
        let read = records.read(&mut buffer).unwrap();
        let mut keep = |item| match item {
            Item::Event(event) => events.push(event),
            other => assert!(matches!(other, Item::Event(_)), "{other:?}"),
        };
        if read == 0 {
            reader.finish(&mut keep);
            break;
        }
        reader.push(buffer.get(..read).unwrap(), &mut keep);
        fold.take(&mut events);
        pieces += 1;
        if pieces == WARM_PIECES {
            fold = Fold::new();
            before = status_bytes("self", "VmRSS").unwrap();
        }
    }
    fold.take(&mut events);
    assert!(maker.wait().unwrap().success());
    let added = status_bytes("self", "VmRSS").unwrap() - before;
    let known = u64::try_from(fold.writer.engine().state.control.identities.len()).unwrap();
    let events = fold.writer.counts.accepted;
    println!("memory/{identities}: each {} bytes {added} identities {known} events {events}", added / known);
    drop(black_box(fold));
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let program = arguments.first().unwrap();
    match arguments.get(1..).unwrap() {
        [word, identities, days] if word == "make" => {
            make(identities.parse().unwrap(), days.parse().unwrap());
        }
        [word, identities, days] if word == "measure" => {
            measure(program, identities.parse().unwrap(), days.parse().unwrap());
        }
        _ if asked(&arguments) => {
            for (identities, days) in SIZES {
                let size = ["measure", &identities.to_string(), &days.to_string()];
                assert!(Command::new(program).args(size).status().unwrap().success());
            }
        }
        _ => {}
    }
}
