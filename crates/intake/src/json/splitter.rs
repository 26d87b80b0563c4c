//! Finds the records in a stream of JSON, in whatever container they come.
//!
//! A *unit* is a value at the root, or an item of a list at the root. A unit is a record itself, an export, or
//! an object with a *list* of records in one of its fields. A list is known by its name, or by its first item
//! being a record.

use std::ops::Range;

use crate::inventory::LISTS;
use crate::json::lexer::whole::Whole;
use crate::json::lexer::{Fault, Kind, Lexer, Member, Signal};

/// What the splitter found.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    /// A cleaned value that should be a record, with what is wrong with it.
    Record { record: Cleaned<'a>, bytes: Range<u64>, fault: Option<Fault>, list: Option<&'a str> },
    /// An export of an account's identities.
    Export { cleaned: &'a [u8], bytes: Range<u64>, fault: Option<Fault> },
    /// The named list begins, of which the whole file is made, behind these cleaned bytes of its object.
    List { name: &'a str, before: &'a [u8] },
}

/// A value without insignificant white space and without secrets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cleaned<'a> {
    pub(crate) bytes: &'a [u8],
    /// Where its members lie, if it is an object; empty where that is not known.
    pub(crate) outline: &'a [Member],
    /// Whether it is known that nothing in it is escaped.
    pub(crate) is_plain: bool,
}

/// What the receiver of a piece wants next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Continue,
    /// Nothing of this file is wanted any more.
    Stop,
}

/// Why no more can be read.
#[derive(Debug)]
pub(crate) struct Breach {
    /// What is wrong; `None` when the input only ended too early.
    pub(crate) broken: Option<&'static str>,
    /// Where the record begins in which it happened, and where in the chunk reading ended.
    pub(crate) start: u64,
    pub(crate) at: usize,
}

/// Who takes the pieces, and answers what the splitter cannot.
pub(crate) trait Receiver {
    /// Takes a piece.
    fn piece(&mut self, piece: Piece<'_>) -> Verdict;
    /// Whether this cleaned value is a record, so that the list it begins is a list of records.
    fn is_record(&self, cleaned: &[u8]) -> bool;
}

/// The sizes that a splitter holds to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) record_max: usize,
    pub(crate) export_max: usize,
    pub(crate) depth_max: usize,
}

/// See the module.
pub(crate) struct Splitter {
    lexer: Lexer,
    whole: Whole,
    sizes: Sizes,
    /// Where the chunk begins in the file.
    offset: u64,
    /// The level of units: 0, or 1 inside of a list at the root.
    unit_level: usize,
    unit: Unit,
    unit_start: u64,
    list: List,
    list_name: String,
    /// Where the items of the list begin in the buffer.
    list_place: usize,
    item_start: u64,
    in_item: bool,
}

/// What the present unit is known to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    /// There is none.
    Absent,
    /// Not decided: a record, unless something else shows.
    Open,
    Export,
    /// It has a list of records, and is no record itself.
    Listed,
}

/// The list that is being read in the present unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum List {
    Absent,
    /// Its first item decides.
    Candidate,
    /// Its items are records.
    Records,
}

/// Lists whose items are records whatever they look like.
const RECORD_LISTS: [&str; 4] = ["Records", "Events", "logEvents", CONFIG_ITEMS];

/// The list of a snapshot or history of AWS Config.
pub(crate) const CONFIG_ITEMS: &str = "configurationItems";

/// Fields that only `get-account-authorization-details` has.
const EXPORT_LISTS: [&str; 3] = ["UserDetailList", "GroupDetailList", "RoleDetailList"];

impl Splitter {
    pub(crate) fn new(sizes: Sizes, offset: u64) -> Self {
        Self {
            lexer: Lexer::new(sizes.record_max, sizes.depth_max),
            whole: Whole::default(),
            sizes,
            offset,
            unit_level: 0,
            unit: Unit::Absent,
            unit_start: offset,
            list: List::Absent,
            list_name: String::new(),
            list_place: 0,
            item_start: offset,
            in_item: false,
        }
    }

    /// The cleaned bytes of what is not complete.
    pub(crate) fn remains(&mut self) -> &[u8] {
        self.lexer.drop_secret();
        self.lexer.record()
    }

    /// What is wrong with the record that is not complete, apart from not being complete.
    pub(crate) fn take_fault(&mut self) -> Option<Fault> {
        self.lexer.take_fault()
    }

    /// Reads a chunk.
    pub(crate) fn push(&mut self, chunk: &[u8], to: &mut impl Receiver) -> Result<Verdict, Breach> {
        let mut at = 0;
        loop {
            let place = self.offset.saturating_add(at as u64);
            let verdict = match self.lexer.next(chunk, &mut at) {
                Signal::More => {
                    self.offset = self.offset.saturating_add(chunk.len() as u64);
                    return Ok(Verdict::Continue);
                }
                Signal::Begin(kind) => {
                    let verdict = self.begin(kind, self.offset.saturating_add(at as u64), to);
                    let short = if self.in_item { self.read_whole(chunk, &mut at, to) } else { None };
                    short.unwrap_or(verdict)
                }
                Signal::End => self.end(self.offset.saturating_add(at as u64), to),
                Signal::Key => {
                    self.key();
                    Verdict::Continue
                }
                Signal::Broken(what) => {
                    let here = self.offset.saturating_add(at as u64).max(place);
                    return Err(Breach { broken: Some(what), start: self.start_of_breach(here), at });
                }
            };
            if verdict == Verdict::Stop {
                return Ok(verdict);
            }
        }
    }

    /// Ends the input.
    pub(crate) fn finish(&mut self, to: &mut impl Receiver) -> Result<Verdict, Breach> {
        if self.lexer.finish_number() {
            return Ok(self.end(self.offset, to));
        }
        if self.lexer.at_rest() {
            return Ok(Verdict::Continue);
        }
        Err(Breach { broken: None, start: self.start_of_breach(self.offset), at: 0 })
    }

    /// Where the thing begins that cannot be completed: everything before it has been told.
    fn start_of_breach(&self, here: u64) -> u64 {
        match (self.unit, self.list) {
            (Unit::Listed, List::Records) if self.in_item => self.item_start,
            (Unit::Absent | Unit::Listed, _) => here,
            (Unit::Open | Unit::Export, _) => self.unit_start,
        }
    }

    fn key(&mut self) {
        if self.lexer.level() != self.unit_level + 1 || self.unit == Unit::Absent {
            return;
        }
        self.list_name.clear();
        self.list_name.push_str(&String::from_utf8_lossy(self.lexer.key()));
        if self.unit == Unit::Open && EXPORT_LISTS.contains(&self.list_name.as_str()) {
            self.unit = Unit::Export;
        }
        if self.unit == Unit::Export {
            self.lexer.allow(self.sizes.export_max);
        }
    }

    fn begin(&mut self, kind: Kind, start: u64, to: &mut impl Receiver) -> Verdict {
        let level = self.lexer.level();
        if level == 0 && self.unit_level == 0 && kind == Kind::Array {
            self.unit_level = 1;
            self.lexer.watch(3);
        } else if level == self.unit_level {
            self.unit = Unit::Open;
            self.unit_start = start;
            self.lexer.begin_record(0, self.sizes.record_max);
        } else if level == self.unit_level + 1 && kind == Kind::Array && self.unit != Unit::Export {
            return self.begin_list(to);
        } else if level == self.unit_level + 2 && self.list != List::Absent {
            self.begin_item(start);
        }
        Verdict::Continue
    }

    fn begin_list(&mut self, to: &mut impl Receiver) -> Verdict {
        if LISTS.contains(&self.list_name.as_str()) {
            self.lexer.allow(self.sizes.export_max);
        }
        // One more byte, the bracket, stays before the first item.
        self.list_place = self.lexer.end() + 1;
        if RECORD_LISTS.contains(&self.list_name.as_str()) {
            self.unit = Unit::Listed;
            self.list = List::Records;
        } else {
            self.list = List::Candidate;
        }
        to.piece(Piece::List { name: &self.list_name, before: self.lexer.record() })
    }

    fn begin_item(&mut self, start: u64) {
        self.item_start = start;
        if self.list == List::Records {
            self.list_place = self.lexer.begin_record(self.list_place, self.sizes.record_max);
            self.in_item = true;
        } else if self.lexer.end() > self.list_place {
            // The first item was no record, so that this is a field like any other.
            self.list = List::Absent;
        }
    }

    /// Reads the item of a list of records that begins here, if it is all there and as records mostly are.
    fn read_whole(&mut self, chunk: &[u8], at: &mut usize, to: &mut impl Receiver) -> Option<Verdict> {
        let read = self.whole.read(chunk.get(*at..)?, self.lexer.levels_left())?;
        if read.cleaned.len() > self.sizes.record_max {
            return None;
        }
        *at += read.length;
        self.lexer.pass(*at);
        self.in_item = false;
        Some(to.piece(Piece::Record {
            record: Cleaned { bytes: read.cleaned, outline: read.outline, is_plain: read.is_plain },
            bytes: self.item_start..self.item_start.saturating_add(read.length as u64),
            fault: None,
            list: Some(&self.list_name),
        }))
    }

    fn end(&mut self, end: u64, to: &mut impl Receiver) -> Verdict {
        let level = self.lexer.level();
        if level == self.unit_level + 2 && self.list != List::Absent {
            return self.end_item(end, to);
        }
        if level == self.unit_level + 1 && self.list != List::Absent {
            self.end_list();
        } else if level == self.unit_level && self.unit != Unit::Absent {
            return self.end_unit(end, to);
        } else if level < self.unit_level {
            self.unit_level = 0;
            self.lexer.watch(2);
        }
        Verdict::Continue
    }

    fn end_item(&mut self, end: u64, to: &mut impl Receiver) -> Verdict {
        let mut outlined = true;
        if self.list == List::Candidate {
            if self.lexer.fault().is_some() || !to.is_record(self.lexer.since(self.list_place)) {
                self.list = List::Absent;
                return Verdict::Continue;
            }
            self.list = List::Records;
            self.unit = Unit::Listed;
            outlined = false;
        }
        let fault = self.lexer.take_fault();
        // Of a first item that had to decide, the outline is that of the unit.
        let outline = if outlined { self.lexer.outline() } else { &[] };
        let verdict = to.piece(Piece::Record {
            record: Cleaned { bytes: self.lexer.since(self.list_place), outline, is_plain: false },
            bytes: self.item_start..end,
            fault,
            list: Some(&self.list_name),
        });
        self.in_item = false;
        self.list_place = self.lexer.begin_record(self.list_place, self.sizes.record_max);
        verdict
    }

    fn end_list(&mut self) {
        if self.list == List::Records {
            self.list_place = self.lexer.begin_record(self.list_place, self.sizes.record_max);
        }
        self.list = List::Absent;
    }

    fn end_unit(&mut self, end: u64, to: &mut impl Receiver) -> Verdict {
        let fault = self.lexer.take_fault();
        let bytes = self.unit_start..end;
        let unit = std::mem::replace(&mut self.unit, Unit::Absent);
        let cleaned = self.lexer.record();
        let verdict = match unit {
            Unit::Absent | Unit::Listed => Verdict::Continue,
            Unit::Export => to.piece(Piece::Export { cleaned, bytes, fault }),
            Unit::Open => {
                let record = Cleaned { bytes: cleaned, outline: self.lexer.outline(), is_plain: false };
                to.piece(Piece::Record { record, bytes, fault, list: None })
            }
        };
        self.lexer.begin_record(0, self.sizes.record_max);
        verdict
    }
}
