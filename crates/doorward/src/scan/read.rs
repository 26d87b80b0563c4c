//! Files -> what they hold, on several threads.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::Result;
use doorward_intake::change::is_told;
use doorward_intake::{Item, Limits, Reader, Remembered};
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::inventory::AccountExport;
use doorward_model::reject::{Reject, RejectReason};

use crate::scan::{SourceFile, tree};

/// Something that a file holds.
pub(crate) enum Found {
    /// Audit events of one file.
    Events {
        /// The file.
        source: Arc<str>,
        /// Some of its events.
        events: Vec<Box<Event>>,
    },
    /// An export of an account.
    Export(Box<AccountExport>),
    /// Something that could not be read.
    Reject(Reject),
    /// Records lay one level down under this key.
    Wrapped(String),
    /// A file that is no audit log, of this kind.
    Skipped(String),
    /// A file was read to its end.
    FileDone {
        /// Its size, in bytes.
        bytes: u64,
    },
}

/// Whether raw records are kept, beside those of events that change the inventory, of which it is read what they change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Raw {
    /// They are: the log will hold them.
    Keep,
    /// They are not: nothing is kept, and no answer reads them.
    Drop,
}

/// Reads all files and passes on what they hold, in no particular order.
///
/// # Errors
/// Those of `take`. A file that cannot be read is a reject.
pub(crate) fn all(
    files: &[SourceFile],
    (threads, raw): (usize, Raw),
    take: &mut dyn FnMut(Found) -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(CHANNEL_MAX);
        for _ in 0..threads.clamp(1, THREADS_MAX) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || work(files, raw, next, &sender));
        }
        drop(sender);
        let mut done = Ok(());
        for found in receiver {
            done = take(found);
            if done.is_err() {
                break;
            }
        }
        done
    })
}

/// Takes the next file until there is none, or nobody listens.
fn work(files: &[SourceFile], raw: Raw, next: &AtomicUsize, sender: &SyncSender<Found>) {
    let mut desk = Desk { sender, source: Arc::from(""), events: Vec::new(), listening: true, raw };
    let mut buffers = Buffers::default();
    while desk.listening {
        let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
        read_file(file, &mut buffers, &mut desk);
        desk.flush();
        desk.send(Found::FileDone { bytes: file.bytes });
    }
}

/// What is on its way from one worker.
struct Desk<'a> {
    sender: &'a SyncSender<Found>,
    /// The file that is being read.
    source: Arc<str>,
    events: Vec<Box<Event>>,
    listening: bool,
    raw: Raw,
}

impl Desk<'_> {
    fn item(&mut self, item: Item) {
        match item {
            Item::Event(mut event) => {
                if self.raw == Raw::Drop && !is_told(&event) {
                    event.raw = Vec::new();
                }
                self.events.push(event);
                if self.events.len() >= EVENTS_MAX {
                    self.flush();
                }
            }
            Item::Export(export) => self.send(Found::Export(export)),
            Item::Reject(reject) => self.send(Found::Reject(reject)),
            Item::Wrapped { name } => self.send(Found::Wrapped(name)),
            Item::Skipped { kind } => self.send(Found::Skipped(kind)),
        }
    }

    fn flush(&mut self) {
        if !self.events.is_empty() {
            let events = std::mem::take(&mut self.events);
            self.send(Found::Events { source: Arc::clone(&self.source), events });
        }
    }

    fn send(&mut self, found: Found) {
        self.listening = self.sender.send(found).is_ok();
    }
}

/// What a worker uses for one file after the other.
#[derive(Default)]
struct Buffers {
    remembered: Remembered,
    packed: Vec<u8>,
    plain: Vec<u8>,
    unpacker: Option<libdeflater::Decompressor>,
}

fn read_file(file: &SourceFile, buffers: &mut Buffers, desk: &mut Desk<'_>) {
    let name = file.path.display().to_string();
    desk.source = Arc::from(name.as_str());
    if file.path.is_dir() && tree::read(&file.path, &name, &mut |item| desk.item(item)) {
        return;
    }
    let remembered = std::mem::take(&mut buffers.remembered);
    let mut reader = Reader::remembering(&name, Limits::default(), remembered);
    let failed = unpack(file, buffers, &mut |bytes| reader.push(bytes, &mut |item| desk.item(item))).err();
    let mut rejected = false;
    buffers.remembered = reader.finish(&mut |item| {
        rejected |= matches!(item, Item::Reject(_));
        desk.item(item);
    });
    match failed {
        None => {}
        // The record that was cut is a reject already; a cut between two records would go unnoticed.
        Some(Unpacked::Cut(_)) if rejected => {}
        Some(Unpacked::Cut(error)) => desk.send(whole_file(name, RejectReason::Truncated(error))),
        Some(Unpacked::Partly(error)) => desk.send(whole_file(name, RejectReason::Broken(error))),
        Some(Unpacked::NotAtAll(error)) => {
            desk.send(whole_file(name, RejectReason::Unreadable(error.to_string())));
        }
    }
}

fn whole_file(source: String, reason: RejectReason) -> Found {
    Found::Reject(Reject { source, record: 0, bytes: 0..0, reason, hash: Hash16::of(&[]), kept: Vec::new() })
}

/// Why a file did not come out whole.
enum Unpacked {
    /// It could not be opened or read at all.
    NotAtAll(io::Error),
    /// It ended too early.
    Cut(String),
    /// Some of it came out before this was met.
    Partly(String),
}

/// Passes on the unpacked bytes of a file, told by its first bytes: gzip, zstd, or plain.
fn unpack(file: &SourceFile, buffers: &mut Buffers, push: &mut dyn FnMut(&[u8])) -> Result<(), Unpacked> {
    let mut input = File::open(&file.path).map_err(Unpacked::NotAtAll)?;
    let mut head = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut head).map_err(Unpacked::NotAtAll)?;
    let whole = io::Cursor::new(head.clone()).chain(input);
    match head.as_slice() {
        [0x1f, 0x8b, ..] if file.bytes <= ONE_SHOT_PACKED_MAX => gunzip_small(whole, buffers, push),
        [0x1f, 0x8b, ..] => gunzip(BufReader::new(whole), buffers, push),
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let mut unpacker = zstd::Decoder::new(whole).map_err(Unpacked::NotAtAll)?;
            unpacker.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(Unpacked::NotAtAll)?;
            stream(&mut unpacker, buffers, push)
        }
        _ => {
            let mut whole = whole;
            stream(&mut whole, buffers, push)
        }
    }
}

/// Audit logs come in small files: the whole of one in one call is about twice as fast as a stream.
fn gunzip_small(
    mut packed: impl Read,
    buffers: &mut Buffers,
    push: &mut dyn FnMut(&[u8]),
) -> Result<(), Unpacked> {
    let Buffers { packed: bytes, plain, unpacker, .. } = buffers;
    bytes.clear();
    packed.read_to_end(bytes).map_err(Unpacked::NotAtAll)?;
    // The last four bytes of a gzip member say how long it is unpacked: a hint, which may be wrong.
    let said = bytes.last_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size));
    let size = usize::try_from(said).unwrap_or(usize::MAX).clamp(1, ONE_SHOT_PLAIN_MAX);
    if plain.len() < size {
        plain.resize(size, 0);
    }
    let unpacker = unpacker.get_or_insert_with(libdeflater::Decompressor::new);
    let room = plain.get_mut(..size).unwrap_or_default();
    match unpacker.gzip_decompress(bytes, room) {
        Ok(written) if written == size && gzip_members(bytes) => {
            push(room.get(..written).unwrap_or_default());
            Ok(())
        }
        // Several members, a wrong hint, a cut or a broken file: the stream tells these apart, and keeps what it can.
        _ => gunzip(io::Cursor::new(std::mem::take(bytes)), buffers, push),
    }
}

/// One gzip member after the other, up to the end, or to what is none.
fn gunzip(
    mut packed: impl BufRead,
    buffers: &mut Buffers,
    push: &mut dyn FnMut(&[u8]),
) -> Result<(), Unpacked> {
    loop {
        let mut member = flate2::bufread::GzDecoder::new(packed);
        stream(&mut member, buffers, push)?;
        packed = member.into_inner();
        match packed.fill_buf() {
            Ok([]) => return Ok(()),
            Ok([0x1f, ..]) => {}
            Ok(_) => {
                return Err(Unpacked::Partly(
                    "the bytes behind the end of its gzip data are no gzip".to_owned(),
                ));
            }
            Err(error) => return Err(Unpacked::Partly(error.to_string())),
        }
    }
}

/// Whether the file is a single gzip member, as far as its length shows.
fn gzip_members(bytes: &[u8]) -> bool {
    // A second member would begin with the magic number right where the first one ends; libdeflate stops there
    // without a word, so look for one anywhere and let the stream decide.
    bytes.get(1..).is_some_and(|rest| !rest.windows(3).any(|three| three == [0x1f, 0x8b, 0x08]))
}

fn stream(packed: &mut dyn Read, buffers: &mut Buffers, push: &mut dyn FnMut(&[u8])) -> Result<(), Unpacked> {
    let plain = &mut buffers.plain;
    if plain.len() < STREAM_BYTES {
        plain.resize(STREAM_BYTES, 0);
    }
    loop {
        match packed.read(plain) {
            Ok(0) => return Ok(()),
            Ok(read) => push(plain.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(Unpacked::Cut(error.to_string()));
            }
            Err(error) => return Err(Unpacked::Partly(error.to_string())),
        }
    }
}

const THREADS_MAX: usize = 64;
/// How many batches may wait for the one who takes them.
const CHANNEL_MAX: usize = 16;
/// How many events are passed on together.
const EVENTS_MAX: usize = 512;
const STREAM_BYTES: usize = 256 * 1024;
const ONE_SHOT_PACKED_MAX: u64 = 8 * 1024 * 1024;
const ONE_SHOT_PLAIN_MAX: usize = 64 * 1024 * 1024;
/// 128 MiB, as much as `zstd` itself unpacks without being asked to.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;
