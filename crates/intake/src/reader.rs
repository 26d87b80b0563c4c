//! The front: pieces of one source in, items out, and the account of what was read.

mod sniff;

use std::borrow::Cow;
use std::ops::Range;

use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::inventory::AccountExport;
use doorward_model::reject::{REJECT_KEPT_BYTES_MAX, Reject, RejectReason};
use doorward_model::token::masked;

use crate::inventory::{Form, Inventory, Spoilt};
use crate::json::lexer::Fault;
use crate::json::splitter::{Breach, CONFIG_ITEMS, Cleaned, Piece, Receiver, Sizes, Splitter, Verdict};
use crate::json::value::Value;
use crate::reader::sniff::{Sniffed, sniff};
use crate::redact::{Tokens, redacted};
use crate::remembered::Remembered;
use crate::{other, record};

/// One thing that a source holds.
#[derive(Debug)]
pub enum Item {
    /// An audit record.
    Event(Box<Event>),
    /// An inventory of one account, from one or more pages that stood in this source.
    Export(Box<AccountExport>),
    /// Something that could not be read, and why.
    Reject(Reject),
    /// Records stand inside of other objects, under this key. Told once for each key.
    Wrapped {
        /// The key.
        name: String,
    },
    /// The source, or this part of it, is no audit log and is left alone; it is not counted as read.
    Skipped {
        /// What it is, such as `CloudTrail digest`.
        kind: String,
    },
}

/// How much a reader takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A record with more cleaned bytes than this is a reject.
    pub record_bytes_max: usize,
    /// A record nested deeper than this is a reject.
    pub depth_max: usize,
    /// An inventory export with more cleaned bytes than this is a reject.
    pub export_bytes_max: usize,
    /// So many different wrappers are told of.
    pub wrappers_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record_bytes_max: 4 << 20, depth_max: 64, export_bytes_max: 1 << 30, wrappers_max: 16 }
    }
}

/// Reads one source, whose unpacked bytes are pushed in pieces of any size.
///
/// Memory is bounded by the limits, whatever the size of the source, and how the bytes are cut into pieces makes
/// no difference to the items.
pub struct Reader {
    mode: Mode,
    desk: Desk,
    /// The bytes pushed so far.
    offset: u64,
    sizes: Sizes,
}

enum Mode {
    /// Not enough has come to tell what it is; at most [`other::PROSE_BYTES_MAX`] bytes wait.
    Sniffing(Vec<u8>),
    Json(Box<Splitter>),
    /// A credential report, which is read when all of it is there.
    Report(Vec<u8>),
    /// Not an audit log.
    Skipping,
    /// Nothing from here on can be read.
    Rest(Box<Rest>),
}

/// What is left of a source after a syntax error.
struct Rest {
    reason: RejectReason,
    start: u64,
    kept: Vec<u8>,
    hasher: blake3::Hasher,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("source", &self.desk.source)
            .field("bytes", &self.offset)
            .field("read", &self.desk.read)
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// A reader of the source of this name, which rejects will carry.
    #[must_use]
    pub fn new(source_name: &str, limits: Limits) -> Self {
        Self::remembering(source_name, limits, Remembered::default())
    }

    /// The same with what another reader remembers, which saves working it out again; the items are the same.
    #[must_use]
    pub fn remembering(source_name: &str, limits: Limits, remembered: Remembered) -> Self {
        let sizes = Sizes {
            record_max: limits.record_bytes_max,
            export_max: limits.export_bytes_max,
            depth_max: limits.depth_max,
        };
        Self {
            mode: Mode::Sniffing(Vec::new()),
            desk: Desk::new(source_name, limits, remembered),
            offset: 0,
            sizes,
        }
    }

    /// How many records have been read: events and rejects. What is skipped is not in it, nor is an export.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.desk.read
    }

    /// Takes the next bytes and gives out what they complete.
    pub fn push(&mut self, bytes: &[u8], out: &mut dyn FnMut(Item)) {
        let start = self.offset;
        self.offset = start.saturating_add(bytes.len() as u64);
        match &mut self.mode {
            Mode::Sniffing(waiting) if waiting.is_empty() => self.sniff(bytes.into(), false, out),
            Mode::Sniffing(waiting) => {
                let mut waited = std::mem::take(waiting);
                waited.extend_from_slice(bytes);
                self.sniff(waited.into(), false, out);
            }
            Mode::Json(splitter) => {
                let result = splitter.push(bytes, &mut Counter { desk: &mut self.desk, out });
                self.after_push(result, bytes);
            }
            Mode::Report(report) => {
                report.extend_from_slice(bytes);
                self.limit_report();
            }
            Mode::Skipping => {}
            Mode::Rest(rest) => rest.push(bytes),
        }
    }

    /// Ends the source and gives out what is left of it. What is remembered may be handed on to another reader.
    pub fn finish(mut self, out: &mut dyn FnMut(Item)) -> Remembered {
        if let Mode::Sniffing(waiting) = &mut self.mode {
            let waited = std::mem::take(waiting);
            self.sniff(waited.into(), true, out);
        }
        if let Mode::Json(splitter) = &mut self.mode {
            let result = splitter.finish(&mut Counter { desk: &mut self.desk, out });
            self.after_push(result, &[]);
        }
        if let Mode::Report(report) = &self.mode {
            Counter { desk: &mut self.desk, out }.report(report, self.offset);
        }
        if let Mode::Rest(mut rest) = self.mode {
            // Of an export of several pages nothing counts when one of them is broken.
            rest.start = self.desk.inventory.discard().unwrap_or(rest.start);
            self.desk.reject(rest.done(self.offset), out);
        }
        self.desk.end_inventory(out);
        self.desk.remembered
    }

    /// Goes on where a text of the JSON family begins, and otherwise tells what it is; what does not suffice for that
    /// waits.
    fn sniff(&mut self, waiting: Cow<'_, [u8]>, at_end: bool, out: &mut dyn FnMut(Item)) {
        match sniff(&waiting, at_end) {
            Sniffed::More => self.mode = Mode::Sniffing(waiting.into_owned()),
            Sniffed::Json { skip } => {
                let mut splitter = Box::new(Splitter::new(self.sizes, skip as u64));
                let bytes = waiting.get(skip..).unwrap_or_default();
                let result = splitter.push(bytes, &mut Counter { desk: &mut self.desk, out });
                self.mode = Mode::Json(splitter);
                self.after_push(result, bytes);
            }
            Sniffed::Report { skip } => {
                self.mode = Mode::Report(waiting.get(skip..).unwrap_or_default().to_vec());
                self.limit_report();
            }
            Sniffed::Skip(kind) => {
                self.mode = Mode::Skipping;
                out(Item::Skipped { kind: kind.to_owned() });
            }
            Sniffed::Reject(reason) => {
                let mut rest = Rest::new(reason, 0, &[]);
                rest.push(&waiting);
                self.mode = Mode::Rest(Box::new(rest));
            }
        }
    }

    /// Gives up a report that is larger than allowed.
    fn limit_report(&mut self) {
        let Mode::Report(report) = &self.mode else { return };
        let max = self.desk.limits.export_bytes_max;
        if report.len() > max {
            let reason = RejectReason::Limit(format!("a credential report of more than {max} bytes"));
            self.mode = Mode::Rest(Box::new(Rest::new(reason, 0, report)));
        }
    }

    fn after_push(&mut self, result: Result<Verdict, Breach>, chunk: &[u8]) {
        let Mode::Json(splitter) = &mut self.mode else { return };
        match result {
            Ok(Verdict::Continue) => {}
            Ok(Verdict::Stop) => self.mode = Mode::Skipping,
            Err(breach) => {
                let reason = match breach.broken {
                    Some(what) => RejectReason::Syntax(what.to_owned()),
                    None => RejectReason::Truncated("the source ends inside of a record or list".to_owned()),
                };
                let fault = splitter.take_fault();
                let mut rest = Rest::new(reason, breach.start, splitter.remains());
                if let Some(Fault::Size(hasher)) = fault {
                    rest.hasher = *hasher;
                }
                rest.push(chunk.get(breach.at..).unwrap_or_default());
                self.mode = Mode::Rest(Box::new(rest));
            }
        }
    }
}

impl Rest {
    fn new(reason: RejectReason, start: u64, cleaned: &[u8]) -> Self {
        let mut rest = Self { reason, start, kept: Vec::new(), hasher: blake3::Hasher::new() };
        rest.push(cleaned);
        rest
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = REJECT_KEPT_BYTES_MAX.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        self.hasher.update(bytes);
    }

    fn done(self, end: u64) -> Rejected {
        Rejected { bytes: self.start..end, reason: self.reason, kept: self.kept, hash: hash16(&self.hasher) }
    }
}

/// The first 16 bytes of a running hash.
fn hash16(hasher: &blake3::Hasher) -> Hash16 {
    let hash = hasher.finalize();
    let first = hash.as_bytes().first_chunk::<16>().copied().unwrap_or_default();
    Hash16(first)
}

/// A reject before it is counted.
struct Rejected {
    bytes: Range<u64>,
    reason: RejectReason,
    kept: Vec<u8>,
    hash: Hash16,
}

/// What a reader remembers of a source apart from its grammar.
struct Desk {
    source: String,
    limits: Limits,
    read: u64,
    /// Whether nothing has been read yet, so that the file as a whole may still turn out to be no audit log.
    untouched: bool,
    wrappers: Vec<String>,
    inventory: Inventory,
    remembered: Remembered,
    tokens: Tokens,
}

impl Desk {
    fn new(source: &str, limits: Limits, remembered: Remembered) -> Self {
        Self {
            source: source.to_owned(),
            limits,
            read: 0,
            untouched: true,
            wrappers: Vec::new(),
            inventory: Inventory::default(),
            remembered,
            tokens: Tokens::new(),
        }
    }

    fn reject(&mut self, rejected: Rejected, out: &mut dyn FnMut(Item)) {
        self.read = self.read.saturating_add(1);
        let Rejected { bytes, reason, kept, hash } = rejected;
        let mut kept = redacted(&kept).into_owned();
        kept.truncate(REJECT_KEPT_BYTES_MAX);
        out(Item::Reject(Reject {
            source: self.source.clone(),
            record: self.read,
            bytes,
            reason,
            kept,
            hash,
        }));
    }

    fn event(&mut self, event: Box<Event>, out: &mut dyn FnMut(Item)) {
        self.read = self.read.saturating_add(1);
        out(Item::Event(event));
    }

    fn wrapped(&mut self, name: &str, out: &mut dyn FnMut(Item)) {
        let name = &*masked(name);
        if self.wrappers.len() < self.limits.wrappers_max && !self.wrappers.iter().any(|known| known == name)
        {
            self.wrappers.push(name.to_owned());
            out(Item::Wrapped { name: name.to_owned() });
        }
    }

    fn end_inventory(&mut self, out: &mut dyn FnMut(Item)) {
        for export in self.inventory.take(&self.source) {
            out(Item::Export(Box::new(export)));
        }
    }
}

/// Counts and passes on what the splitter finds.
struct Counter<'a> {
    desk: &'a mut Desk,
    out: &'a mut dyn FnMut(Item),
}

impl Receiver for Counter<'_> {
    fn piece(&mut self, piece: Piece<'_>) -> Verdict {
        match piece {
            Piece::List { name, before } => match other::skipped_list(name, before) {
                Some(kind) if self.desk.untouched => self.skip(kind),
                _ => Verdict::Continue,
            },
            Piece::Export { cleaned, bytes, fault } => {
                self.desk.untouched = false;
                self.export(cleaned, bytes, fault);
                Verdict::Continue
            }
            Piece::Record { record, bytes, fault, list } => self.record(record, bytes, fault, list),
        }
    }

    fn is_record(&self, cleaned: &[u8]) -> bool {
        record::is_record(cleaned, self.desk.limits.depth_max)
    }
}

impl Counter<'_> {
    fn skip(&mut self, kind: &str) -> Verdict {
        (self.out)(Item::Skipped { kind: kind.to_owned() });
        Verdict::Stop
    }

    fn record(
        &mut self,
        record: Cleaned<'_>,
        bytes: Range<u64>,
        fault: Option<Fault>,
        list: Option<&str>,
    ) -> Verdict {
        let hidden = self.desk.tokens.hide(record.bytes);
        let record =
            hidden.as_deref().map_or(record, |bytes| Cleaned { bytes, outline: &[], is_plain: false });
        let cleaned = record.bytes;
        let untouched = std::mem::take(&mut self.desk.untouched);
        if let Some(fault) = fault {
            self.desk.inventory.spoil(Spoilt::Record);
            self.fault(cleaned, bytes, fault);
            return Verdict::Continue;
        }
        let found = record::read(record, self.desk.limits.depth_max, &mut self.desk.remembered);
        if list == Some(CONFIG_ITEMS) && !matches!(found, record::Found::Inventory { .. }) {
            let said = "an item of AWS Config does not tell its resourceType or its account; nothing of the inventory in this source counts";
            self.desk.inventory.spoil(Spoilt::Record);
            self.reject(cleaned, bytes, RejectReason::Field(said.to_owned()));
            return Verdict::Continue;
        }
        match found {
            record::Found::Event { event, wrapper } => {
                self.wrappers(list, wrapper.as_deref());
                self.desk.event(event, self.out);
            }
            record::Found::Reject { reason, wrapper } => {
                self.wrappers(None, wrapper.as_deref());
                self.reject(cleaned, bytes, reason);
            }
            record::Found::NotAudit { kind } if untouched => return self.skip(kind),
            record::Found::NotAudit { kind } => {
                self.reject(cleaned, bytes, RejectReason::SourceNotSupported(kind.to_owned()));
            }
            record::Found::Aside { kind } => (self.out)(Item::Skipped { kind }),
            record::Found::Export => self.export(cleaned, bytes, None),
            record::Found::Inventory { form } => self.inventory(form, cleaned, bytes),
        }
        Verdict::Continue
    }

    fn wrappers(&mut self, list: Option<&str>, wrapper: Option<&str>) {
        if let Some(name) = list.filter(|name| !record::PLAIN_LISTS.contains(name)) {
            self.desk.wrapped(name, self.out);
        }
        if let Some(name) = wrapper {
            self.desk.wrapped(name, self.out);
        }
    }

    fn export(&mut self, cleaned: &[u8], bytes: Range<u64>, fault: Option<Fault>) {
        let hidden = self.desk.tokens.hide(cleaned);
        let cleaned = hidden.as_deref().unwrap_or(cleaned);
        if let Some(fault) = fault {
            self.desk.inventory.spoil(Spoilt::Page);
            self.fault(cleaned, bytes, fault);
        } else if let Err(reason) = self.desk.inventory.page(cleaned, &bytes) {
            self.reject(cleaned, bytes, reason);
        } else {
            for export in self.desk.inventory.whole_accounts(&self.desk.source) {
                (self.out)(Item::Export(Box::new(export)));
            }
        }
    }

    fn inventory(&mut self, form: Form, cleaned: &[u8], bytes: Range<u64>) {
        let text = std::str::from_utf8(cleaned).unwrap_or_default();
        let max = self.desk.limits.export_bytes_max;
        if let Err(reason) = self.desk.inventory.add(form, Value::new(text), &bytes, max) {
            self.reject(cleaned, bytes, reason);
        }
    }

    fn report(&mut self, report: &[u8], end: u64) {
        let hidden = self.desk.tokens.hide(report);
        let report = hidden.as_deref().unwrap_or(report);
        let read = match std::str::from_utf8(report) {
            Ok(text) => self.desk.inventory.report(text, &(0..end)),
            Err(_) => Err(RejectReason::Encoding("the credential report is not UTF-8 text".to_owned())),
        };
        if let Err(reason) = read {
            self.reject(report, 0..end, reason);
        }
    }

    fn fault(&mut self, cleaned: &[u8], bytes: Range<u64>, fault: Fault) {
        let (reason, hash) = match fault {
            Fault::DuplicateKey(key) => (
                RejectReason::Field(format!("the key {:?} stands twice in one object", masked(&key))),
                Hash16::of(cleaned),
            ),
            Fault::Depth => {
                let max = self.desk.limits.depth_max;
                (RejectReason::Limit(format!("nested deeper than {max} levels")), Hash16::of(cleaned))
            }
            Fault::Size(hasher) => {
                let size = bytes.end.saturating_sub(bytes.start);
                (RejectReason::Limit(format!("a record of {size} bytes")), hash16(&hasher))
            }
        };
        self.desk.reject(Rejected { bytes, reason, kept: kept(cleaned), hash }, self.out);
    }

    fn reject(&mut self, cleaned: &[u8], bytes: Range<u64>, reason: RejectReason) {
        let hash = Hash16::of(cleaned);
        self.desk.reject(Rejected { bytes, reason, kept: kept(cleaned), hash }, self.out);
    }
}

fn kept(cleaned: &[u8]) -> Vec<u8> {
    cleaned.get(..REJECT_KEPT_BYTES_MAX.min(cleaned.len())).unwrap_or_default().to_vec()
}
