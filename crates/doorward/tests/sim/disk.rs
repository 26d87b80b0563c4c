//! A log that outlives the process that writes it, in memory or in SQLite's files, and can fail it at any append.

mod power_cut;

use std::cell::RefCell;
use std::io;
use std::ops::ControlFlow;
use std::rc::Rc;

use doorward_journal::{
    Batch, Checkpoint, End as LogEnd, Expired, Head, Journal, JournalError, Keep, Kept, Log, Memory,
    Position, Pruned, PublicKey, Room, Row, Seen, Verified, Window,
};
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::head::SignedHead;
use doorward_model::record::{Fact, Record};
use doorward_model::time::Time;

use crate::disk::power_cut::{Files, Opened};

/// What is left when the process ends.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    engine: Rc<RefCell<Engine>>,
    fault: Rc<RefCell<Option<Fault>>>,
}

/// What keeps the log.
#[derive(Debug)]
enum Engine {
    Memory(Memory),
    /// The log, and what a power cut has left of its files, if there was one.
    Sqlite(Opened, Option<Files>),
}

/// What happens at an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// How many appends succeed before.
    pub(crate) after: u32,
    pub(crate) end: End,
}

/// How an append fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// There is no room for it, and the process goes on.
    Full,
    /// The process ends before the records are in the log; with SQLite, while they are being written.
    Lost,
    /// The process ends when the records are in the log.
    Durable,
}

impl Disk {
    /// One that lives as long as the test.
    pub(crate) fn new() -> Self {
        Self::with(Engine::Memory(Memory::new(Keep::All).unwrap()))
    }

    /// The real files, and a power cut wherever the process ends.
    pub(crate) fn sqlite() -> Self {
        Self::with(Engine::Sqlite(Files::default().open(), None))
    }

    fn with(engine: Engine) -> Self {
        Self { engine: Rc::new(RefCell::new(engine)), fault: Rc::default() }
    }

    /// Lets an append fail; returns whether the fault before it is still to come.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) -> bool {
        self.fault.replace(fault).is_some()
    }

    /// The end of the log for a writer, of whom there is one at a time.
    pub(crate) fn tape(&self) -> Tape {
        self.engine.borrow_mut().start();
        let head = self.engine.borrow().get().head().clone();
        Tape { disk: self.clone(), head }
    }

    /// Whether this append fails, and how.
    fn strikes(&self) -> Option<End> {
        let mut fault = self.fault.borrow_mut();
        let Fault { after, end } = (*fault)?;
        *fault = after.checked_sub(1).map(|after| Fault { after, end });
        (after == 0).then_some(end)
    }
}

impl Engine {
    /// A process starts on what the one before has left, which did not even close its files.
    fn start(&mut self) {
        match self {
            // What an earlier process had reserved, and did not append, is free again.
            Self::Memory(memory) => end_reservations(memory),
            Self::Sqlite(opened, left) => {
                let left = left.take().unwrap_or_else(|| Files::of(opened.log.folder()));
                *opened = left.open();
            }
        }
    }

    fn get(&self) -> &dyn Journal {
        match self {
            Self::Memory(memory) => memory,
            Self::Sqlite(opened, _) => &opened.log,
        }
    }

    fn get_mut(&mut self) -> &mut dyn Journal {
        match self {
            Self::Memory(memory) => memory,
            Self::Sqlite(opened, _) => &mut opened.log,
        }
    }

    /// Appends with no room left; SQLite may find some in the pages that it has.
    fn append_full(&mut self, batch: Batch<'_>) -> Result<Position, JournalError> {
        match self {
            Self::Memory(memory) => {
                end_reservations(memory);
                Err(broken())
            }
            Self::Sqlite(Opened { log, .. }, _) => {
                log.limit_pages(1)?;
                let appended = log.append(batch);
                log.limit_pages(PAGES_MAX)?;
                appended
            }
        }
    }

    /// Is cut off while it appends.
    fn append_cut(&mut self, batch: Batch<'_>) -> Result<(), JournalError> {
        match self {
            Self::Memory(_) => {}
            Self::Sqlite(Opened { log, .. }, left) => {
                let before = Files::of(log.folder());
                log.append(batch)?;
                *left = Some(before.cut_while_writing(Files::of(log.folder())));
            }
        }
        Ok(())
    }
}

/// No fact names a document that is not stored: a process may end right after the append.
fn documents_are_stored(journal: &dyn Journal, batch: &Batch<'_>) {
    for record in batch.records {
        if let Record::Fact(fact) = record
            && let Some(Fact::PolicyFound(policy)) = &fact.fact
        {
            let hash = Hash16::from_slice(&policy.document).unwrap();
            assert!(journal.blob(hash).unwrap().is_some(), "the document of {} is not stored", policy.name);
        }
    }
}

fn end_reservations(memory: &mut Memory) {
    let facts_seen = memory.head().fact;
    memory.append(Batch { records: &[], facts_seen }).unwrap();
}

fn broken() -> JournalError {
    let source = io::Error::other("the simulated disk");
    JournalError::File { what: "append to", path: "simulated".into(), source }
}

/// A [`Disk`] as the one writer holds it.
#[derive(Debug)]
pub(crate) struct Tape {
    disk: Disk,
    head: Head,
}

impl Log for Tape {
    fn read_from(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        self.disk.engine.borrow().get().read_from(from, visit)
    }

    fn checkpoints(&self) -> Result<Vec<Position>, JournalError> {
        self.disk.engine.borrow().get().checkpoints()
    }

    fn checkpoint(&self, position: Position) -> Result<Option<Checkpoint>, JournalError> {
        self.disk.engine.borrow().get().checkpoint(position)
    }

    fn expired_to(&self, kind: Kept) -> Result<Option<Time>, JournalError> {
        self.disk.engine.borrow().get().expired_to(kind)
    }

    fn signed_heads(&self, up_to: Position, limit: usize) -> Result<Vec<SignedHead>, JournalError> {
        self.disk.engine.borrow().get().signed_heads(up_to, limit)
    }

    fn signers(&self) -> Result<Vec<PublicKey>, JournalError> {
        self.disk.engine.borrow().get().signers()
    }
}

impl Journal for Tape {
    fn head(&self) -> &Head {
        &self.head
    }

    fn check(&mut self, event: &Event) -> Result<Seen, JournalError> {
        self.disk.engine.borrow_mut().get_mut().check(event)
    }

    fn append(&mut self, batch: Batch<'_>) -> Result<Position, JournalError> {
        let mut engine = self.disk.engine.borrow_mut();
        documents_are_stored(engine.get(), &batch);
        let position = match self.disk.strikes() {
            None => engine.get_mut().append(batch)?,
            Some(End::Full) => engine.append_full(batch)?,
            Some(End::Lost) => {
                engine.append_cut(batch)?;
                return Err(broken());
            }
            Some(End::Durable) => {
                engine.get_mut().append(batch)?;
                return Err(broken());
            }
        };
        self.head = engine.get().head().clone();
        Ok(position)
    }

    fn walk(&self, each: &mut dyn FnMut(&LogEnd)) -> Result<Verified, JournalError> {
        self.disk.engine.borrow().get().walk(each)
    }

    fn prune(&mut self, expired: &Expired) -> Result<Pruned, JournalError> {
        self.disk.engine.borrow_mut().get_mut().prune(expired)
    }

    fn put_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), JournalError> {
        self.disk.engine.borrow_mut().get_mut().put_checkpoint(checkpoint)
    }

    fn put_signed_head(&mut self, signed: &SignedHead, by: &PublicKey) -> Result<(), JournalError> {
        self.disk.engine.borrow_mut().get_mut().put_signed_head(signed, by)
    }

    fn put_blob(&mut self, bytes: &[u8]) -> Result<Hash16, JournalError> {
        self.disk.engine.borrow_mut().get_mut().put_blob(bytes)
    }

    fn blob(&self, hash: Hash16) -> Result<Option<Vec<u8>>, JournalError> {
        self.disk.engine.borrow().get().blob(hash)
    }

    fn room(&self) -> Result<Room, JournalError> {
        self.disk.engine.borrow().get().room()
    }

    fn window(&self) -> Window {
        self.disk.engine.borrow().get().window()
    }
}

/// As many pages as SQLite allows.
const PAGES_MAX: u32 = u32::MAX - 1;
