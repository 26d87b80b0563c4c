//! The total order, in bounded memory: sorted runs that are spilled to a temporary folder, and their merge.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use anyhow::{Context, Result};
use doorward_model::event::Event;
use prost::Message;

/// Events on their way into the total order.
pub(crate) struct Runs {
    events: Vec<Box<Event>>,
    bytes: usize,
    bytes_max: usize,
    spilled: Vec<File>,
}

impl Runs {
    /// None, with how many bytes may be in memory.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { events: Vec::new(), bytes: 0, bytes_max, spilled: Vec::new() }
    }

    /// Takes an event.
    pub(super) fn push(&mut self, event: Box<Event>) -> Result<()> {
        self.bytes += size_of::<Event>() + event.encoded_len() + STRINGS_BYTES;
        self.events.push(event);
        if self.bytes >= self.bytes_max { self.spill() } else { Ok(()) }
    }

    /// Passes on all events in the total order.
    pub(crate) fn into_order(mut self, take: &mut dyn FnMut(Box<Event>) -> Result<()>) -> Result<()> {
        if !self.spilled.is_empty() {
            self.spill()?;
            return merge(self.spilled, take);
        }
        self.events.sort_unstable_by(|one, other| one.order(other));
        self.events.into_iter().try_for_each(take)
    }

    fn spill(&mut self) -> Result<()> {
        self.events.sort_unstable_by(|one, other| one.order(other));
        let mut run = Spill::begin()?;
        for event in self.events.drain(..) {
            run.write(&event)?;
        }
        self.spilled.push(run.end()?);
        self.bytes = 0;
        if self.spilled.len() >= RUNS_MAX {
            let mut run = Spill::begin()?;
            merge(std::mem::take(&mut self.spilled), &mut |event| run.write(&event))?;
            self.spilled.push(run.end()?);
        }
        Ok(())
    }
}

fn merge(runs: Vec<File>, take: &mut dyn FnMut(Box<Event>) -> Result<()>) -> Result<()> {
    let mut heap = BinaryHeap::with_capacity(runs.len());
    for run in runs {
        let mut run = Unspill::new(run)?;
        heap.extend(run.next()?.map(|event| Head { event, run }));
    }
    while let Some(Head { event, mut run }) = heap.pop() {
        heap.extend(run.next()?.map(|event| Head { event, run }));
        take(event)?;
    }
    Ok(())
}

/// The next event of a run; the earliest is the greatest, because a heap gives the greatest first.
struct Head {
    event: Box<Event>,
    run: Unspill,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        other.event.order(&self.event)
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

/// A run on its way into a file that has no name and goes with the process.
struct Spill {
    out: zstd::Encoder<'static, BufWriter<File>>,
    buffer: Vec<u8>,
}

impl Spill {
    fn begin() -> Result<Self> {
        let file = tempfile::tempfile().context("cannot make a temporary file")?;
        Ok(Self { out: zstd::Encoder::new(BufWriter::new(file), ZSTD_LEVEL)?, buffer: Vec::new() })
    }

    fn write(&mut self, event: &Event) -> Result<()> {
        self.buffer.clear();
        event.encode_length_delimited(&mut self.buffer)?;
        Ok(self.out.write_all(&self.buffer)?)
    }

    fn end(self) -> Result<File> {
        let mut file = self.out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    }
}

/// A run on its way out.
struct Unspill {
    input: BufReader<zstd::Decoder<'static, BufReader<File>>>,
    buffer: Vec<u8>,
}

impl Unspill {
    fn new(file: File) -> Result<Self> {
        Ok(Self { input: BufReader::new(zstd::Decoder::new(file)?), buffer: Vec::new() })
    }

    fn next(&mut self) -> Result<Option<Box<Event>>> {
        let Some(length) = self.length()? else { return Ok(None) };
        self.buffer.resize(length, 0);
        self.input.read_exact(&mut self.buffer)?;
        Ok(Some(Box::new(Event::decode(self.buffer.as_slice())?)))
    }

    /// The length before an event, seven bits to a byte, lowest first; `None` at the end.
    fn length(&mut self) -> Result<Option<usize>> {
        let mut length = 0_usize;
        for at in 0..10 {
            let mut byte = [0];
            if self.input.read(&mut byte)? == 0 {
                return Ok(None);
            }
            let [byte] = byte;
            length |= usize::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return Ok(Some(length));
            }
        }
        anyhow::bail!("a spilled run does not read back")
    }
}

const ZSTD_LEVEL: i32 = 1;
/// At this many runs they are merged into one, so that few files and buffers are open.
const RUNS_MAX: usize = 64;
/// What the allocator adds to the strings of an event, about.
const STRINGS_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use doorward_model::event::Event;

    use super::Runs;

    fn events() -> Vec<Event> {
        let mut at = 1_u64;
        (0..5_000)
            .map(|i| {
                at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let happened_at_ms = i64::try_from(at >> 54).unwrap();
                Event {
                    id: format!("{:x}", at >> 40),
                    account: format!("{}", i % 3),
                    happened_at_ms,
                    ..Event::default()
                }
            })
            .collect()
    }

    fn in_order(bytes_max: usize, events: Vec<Event>) -> (usize, Vec<Event>) {
        let mut runs = Runs::new(bytes_max);
        events.into_iter().for_each(|event| runs.push(Box::new(event)).unwrap());
        let (spilled, mut out) = (runs.spilled.len(), Vec::new());
        runs.into_order(&mut |event| {
            out.push(*event);
            Ok(())
        })
        .unwrap();
        (spilled, out)
    }

    #[test]
    fn spilling_changes_nothing() {
        let mut expected = events();
        expected.sort_by(Event::order);
        let (none, whole) = in_order(usize::MAX, events());
        assert_eq!((none, &whole), (0, &expected));
        for bytes_max in [1_000_000, 50_000] {
            let (some, merged) = in_order(bytes_max, events().into_iter().rev().collect());
            assert!((1..=super::RUNS_MAX).contains(&some), "{some}");
            assert_eq!(merged, expected);
        }
    }
}
