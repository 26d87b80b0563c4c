//! What was done under which key. The writer owns it, so nothing is locked and two equal requests are never both new.

use std::collections::{BTreeMap, VecDeque};

use doorward_model::hash::Hash16;

use crate::handle::{Done, Idempotency, WorkError};

/// The latest commands by giver and key.
#[derive(Debug, Default)]
pub struct Given {
    by_key: BTreeMap<(String, String), (Hash16, Done)>,
    order: VecDeque<(String, String)>,
}

impl Given {
    /// How many are remembered; the oldest is forgotten first.
    pub const KEYS_MAX: usize = 10_000;

    /// What was done before under this key by this giver; nothing, when it is new.
    ///
    /// # Errors
    /// [`WorkError::KeyReused`] when the key stands for another request.
    pub fn before(&self, by: &str, idempotency: Option<&Idempotency>) -> Result<Option<Done>, WorkError> {
        let Some(Idempotency { key, request }) = idempotency else { return Ok(None) };
        match self.by_key.get(&(by.to_owned(), key.clone())) {
            None => Ok(None),
            Some((known, done)) if known == request => Ok(Some(Done { again: true, ..done.clone() })),
            Some(_) => Err(WorkError::KeyReused),
        }
    }

    /// Remembers what was done.
    pub fn remember(&mut self, by: &str, idempotency: Option<Idempotency>, done: &Done) {
        let Some(Idempotency { key, request }) = idempotency else { return };
        let key = (by.to_owned(), key);
        if self.by_key.insert(key.clone(), (request, done.clone())).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > Self::KEYS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }
}
