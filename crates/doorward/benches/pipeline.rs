//! All that an event goes through, but the journal: unpack, read, check, identify, judge against the baselines, fold;
//! beside the floor under any reader of CloudTrail, which is unpacking and the fastest typed parse of nine fields.
//! Both read the same simulated organisation, in turn; CPU time of the one thread. The days in which the baselines
//! begin are measured, and apart from them the day after, when most of what is usual is known.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "../../../benches/asked.rs"]
mod asked;
#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;
#[path = "../../../benches/floor.rs"]
mod floor;
#[path = "../../../benches/median.rs"]
mod median;

use std::hint::black_box;
use std::ops::Range;
use std::time::Duration;

use doorward::writer::{Moment, Writer};
use doorward_detect::{Judging, Settings};
use doorward_engine::{Engine, Judge, Rules};
use doorward_intake::{Item, Limits, Reader, Remembered};
use doorward_journal::{Keep, Memory};
use doorward_model::event::Event;
use doorward_model::id::TenantId;
use doorward_model::time::Time;
use doorward_respond::Ladder;
use doorward_simulate::{Plan, delivered, organisation};
use libdeflater::{CompressionLvl, Compressor, Decompressor};

use crate::asked::asked;
use crate::cpu_time::CpuTime;
use crate::floor::typed_parse;
use crate::median::median;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const IDENTITIES: u32 = 2_000;
/// In which baselines begin.
const DAYS: u32 = 4;
const ROUNDS: usize = 5;
/// Records in a file.
const RECORDS: usize = 1_000;

/// A file as it is delivered.
struct Packed {
    bytes: Vec<u8>,
    unpacked: usize,
}

fn packed_files(days: Range<u32>) -> Vec<Packed> {
    let organisation = organisation(&Plan::new(7, IDENTITIES, DAYS + 1));
    let mut packer = Compressor::new(CompressionLvl::default());
    let mut files = Vec::new();
    for day in days {
        for chunk in organisation.day(day).chunks(RECORDS) {
            let plain = delivered(chunk);
            let mut bytes = vec![0; packer.gzip_compress_bound(plain.len())];
            let length = packer.gzip_compress(&plain, &mut bytes).unwrap();
            bytes.truncate(length);
            files.push(Packed { bytes, unpacked: plain.len() });
        }
    }
    files
}

fn unpack<'a>(unpacker: &mut Decompressor, file: &Packed, room: &'a mut Vec<u8>) -> &'a [u8] {
    room.resize(file.unpacked, 0);
    assert_eq!(unpacker.gzip_decompress(&file.bytes, room).unwrap(), file.unpacked);
    room
}

fn floor(files: &[Packed]) -> usize {
    let (mut unpacker, mut room) = (Decompressor::new(), Vec::new());
    files.iter().map(|file| typed_parse(unpack(&mut unpacker, file, &mut room))).sum()
}

/// Unpacks and reads; what is read goes to `take`.
fn read(files: &[Packed], take: &mut dyn FnMut(Box<Event>)) {
    let (mut unpacker, mut room, mut remembered) = (Decompressor::new(), Vec::new(), Remembered::default());
    for file in files {
        let mut reader = Reader::remembering("bench", Limits::default(), remembered);
        let mut keep = |item| match item {
            Item::Event(event) => take(event),
            other => assert!(matches!(other, Item::Event(_)), "{other:?}"),
        };
        reader.push(unpack(&mut unpacker, file, &mut room), &mut keep);
        remembered = reader.finish(&mut keep);
    }
}

fn writer() -> Writer<Memory> {
    let rules = Rules {
        judge: Judge { from: Time::MIN, judging: Judging::Full },
        settings: Settings::default(),
        ladder: Ladder::default(),
    };
    let engine = Engine::new(TenantId::from("bench"), rules, 1, 7);
    Writer::new(Memory::new(Keep::Nothing).unwrap(), engine)
}

fn whole(files: &[Packed], writer: &mut Writer<Memory>) {
    read(files, &mut |event| {
        let at = event.happened_at();
        writer.take(event, Moment::filed(at)).unwrap();
    });
    writer.flush().unwrap();
}

/// Some days, and how long each way through them took.
struct Span {
    name: &'static str,
    files: Vec<Packed>,
    events: usize,
    floors: Vec<Duration>,
    reads: Vec<Duration>,
    wholes: Vec<Duration>,
}

impl Span {
    fn new(name: &'static str, days: Range<u32>) -> Self {
        let files = packed_files(days);
        Self { name, files, events: 0, floors: Vec::new(), reads: Vec::new(), wholes: Vec::new() }
    }

    fn measure(&mut self, writer: &mut Writer<Memory>) {
        let before = writer.counts.accepted;
        self.events = timed(&mut self.floors, || floor(&self.files));
        timed(&mut self.reads, || read(&self.files, &mut |event| drop(black_box(event))));
        timed(&mut self.wholes, || whole(&self.files, writer));
        assert_eq!(writer.counts.accepted - before, u64::try_from(self.events).unwrap());
    }

    fn print(self) {
        let Self { name, files, events, .. } = self;
        let bytes: usize = files.iter().map(|file| file.unpacked).sum();
        for (way, times) in [("floor", self.floors), ("read", self.reads), ("whole", self.wholes)] {
            let ns = median(times).as_nanos();
            println!("{name} {way}: cpu {ns} events {events} bytes {bytes}");
        }
    }
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let clock = CpuTime::default();
    let start = clock.now();
    let done = black_box(work());
    times.push(clock.now() - start);
    done
}

fn main() {
    if !asked(&std::env::args().collect::<Vec<_>>()) {
        return;
    }
    let mut spans = [Span::new("pipeline", 0..DAYS), Span::new("pipeline later", DAYS..DAYS + 1)];
    for _ in 0..ROUNDS {
        let mut writer = writer();
        spans.iter_mut().for_each(|span| span.measure(&mut writer));
    }
    spans.into_iter().for_each(Span::print);
}
