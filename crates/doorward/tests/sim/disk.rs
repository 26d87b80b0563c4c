//! A log that outlives the process that writes it, and can fail it at any append.

use std::cell::RefCell;
use std::io;
use std::ops::ControlFlow;
use std::rc::Rc;

use doorward_journal::{
    Batch, Checkpoint, Head, Journal, JournalError, Keep, Log, Memory, Position, Pruned, Row, Seen, Verified,
    Window,
};
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::time::Time;

/// What is left when the process ends.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    log: Rc<RefCell<Memory>>,
    fault: Rc<RefCell<Option<Fault>>>,
}

/// What happens at an append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// How many appends succeed before.
    pub(crate) after: u32,
    /// Whether the records are in the log when the append fails.
    pub(crate) durable: bool,
}

impl Disk {
    pub(crate) fn new() -> Self {
        Self { log: Rc::new(RefCell::new(Memory::new(Keep::All).unwrap())), fault: Rc::default() }
    }

    /// Lets an append fail; returns whether the fault before it is still to come.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) -> bool {
        self.fault.replace(fault).is_some()
    }

    /// The end of the log for a writer, of whom there is one at a time.
    pub(crate) fn tape(&self) -> Tape {
        let head = self.log.borrow().head().clone();
        let mut tape = Tape { disk: self.clone(), head };
        // What an earlier process had reserved, and did not append, is free again.
        tape.end_reservations();
        tape
    }

    /// Whether this append fails, and if so, whether its records are in the log nevertheless.
    fn strikes(&self) -> Option<bool> {
        let mut fault = self.fault.borrow_mut();
        let Fault { after, durable } = (*fault)?;
        *fault = after.checked_sub(1).map(|after| Fault { after, durable });
        (after == 0).then_some(durable)
    }
}

/// A [`Disk`] as the one writer holds it.
#[derive(Debug)]
pub(crate) struct Tape {
    disk: Disk,
    head: Head,
}

impl Tape {
    fn end_reservations(&mut self) {
        let facts_seen = self.head.fact;
        self.disk.log.borrow_mut().append(Batch { records: &[], facts_seen }).unwrap();
    }

    fn put(&mut self, batch: Batch<'_>) -> Result<Position, JournalError> {
        let position = self.disk.log.borrow_mut().append(batch)?;
        self.head = self.disk.log.borrow().head().clone();
        Ok(position)
    }
}

impl Log for Tape {
    fn read_from(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        self.disk.log.borrow().read_from(from, visit)
    }

    fn checkpoints(&self) -> Result<Vec<Position>, JournalError> {
        self.disk.log.borrow().checkpoints()
    }

    fn checkpoint(&self, position: Position) -> Result<Option<Checkpoint>, JournalError> {
        self.disk.log.borrow().checkpoint(position)
    }
}

impl Journal for Tape {
    fn head(&self) -> &Head {
        &self.head
    }

    fn check(&mut self, event: &Event) -> Result<Seen, JournalError> {
        self.disk.log.borrow_mut().check(event)
    }

    fn append(&mut self, batch: Batch<'_>) -> Result<Position, JournalError> {
        let Some(durable) = self.disk.strikes() else { return self.put(batch) };
        if durable {
            self.put(batch)?;
        } else {
            self.end_reservations();
        }
        let source = io::Error::other("the simulated disk");
        Err(JournalError::File { what: "append to", path: "simulated".into(), source })
    }

    fn verify(&self) -> Result<Verified, JournalError> {
        self.disk.log.borrow().verify()
    }

    fn prune(&mut self, before: Time) -> Result<Pruned, JournalError> {
        self.disk.log.borrow_mut().prune(before)
    }

    fn put_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), JournalError> {
        self.disk.log.borrow_mut().put_checkpoint(checkpoint)
    }

    fn put_blob(&mut self, bytes: &[u8]) -> Result<Hash16, JournalError> {
        self.disk.log.borrow_mut().put_blob(bytes)
    }

    fn blob(&self, hash: Hash16) -> Result<Option<Vec<u8>>, JournalError> {
        self.disk.log.borrow().blob(hash)
    }

    fn window(&self) -> Window {
        self.disk.log.borrow().window()
    }
}
