//! The state as bytes and back: what a start loads, before it folds the tail of the log.
//!
//! Control state is kept as the facts that lead to it, so that loading is folding. Behaviour is kept in rows by name.
//! No number that is only known to one process, and no map order, is in it: two nodes that folded the same records
//! write the same bytes.

mod behaviour;
mod facts;
mod unusual;

use doorward_model::id::{FactNumber, TenantId};
use doorward_model::record::{Fact, FactRecord};
use doorward_model::time::Time;
use prost::Message;

use crate::checkpoint::behaviour::{ShardImage, ToldImage, issued_rows, restore_issued};
use crate::checkpoint::unusual::UnusualImage;
use crate::state::State;

pub use crate::checkpoint::facts::facts;

/// The version of this encoding.
pub const FORMAT: u32 = 5;

/// The bytes are no state that this release can load.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// They are no message.
    #[error("cannot read a checkpoint")]
    Decode(#[from] prost::DecodeError),
    /// They are of another version.
    #[error("cannot load a checkpoint of format {found}, only of format {FORMAT}")]
    Format {
        /// The version.
        found: u32,
    },
}

#[derive(Clone, PartialEq, Message)]
struct StateImage {
    #[prost(uint64, tag = "1")]
    fact_number: u64,
    #[prost(message, repeated, tag = "2")]
    facts: Vec<FactRecord>,
    #[prost(message, repeated, tag = "3")]
    shards: Vec<ShardImage>,
    #[prost(uint64, repeated, tag = "4")]
    folded: Vec<u64>,
    #[prost(message, repeated, tag = "5")]
    issued: Vec<IssuedRow>,
    #[prost(int64, tag = "6")]
    issued_since_ms: i64,
    /// When automatic holds were placed that have ended since, or not.
    #[prost(int64, repeated, tag = "7")]
    automatic_holds_ms: Vec<i64>,
    #[prost(message, repeated, tag = "8")]
    arrivals: Vec<ArrivalRow>,
    #[prost(message, repeated, tag = "9")]
    sessions: Vec<SessionRow>,
    #[prost(int64, tag = "10")]
    sessions_since_ms: i64,
    #[prost(message, optional, tag = "11")]
    unusual: Option<UnusualImage>,
    #[prost(message, optional, tag = "12")]
    tasks: Option<ToldImage>,
    #[prost(message, optional, tag = "13")]
    tools: Option<ToldImage>,
}

#[derive(Clone, PartialEq, Message)]
struct SessionRow {
    #[prost(string, tag = "1")]
    session: String,
    #[prost(string, tag = "2")]
    identity: String,
    #[prost(bool, tag = "3")]
    old: bool,
}

#[derive(Clone, PartialEq, Message)]
struct ArrivalRow {
    #[prost(string, tag = "1")]
    account: String,
    #[prost(int64, tag = "2")]
    newest_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
struct IssuedRow {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, repeated, tag = "2")]
    chain: Vec<String>,
    #[prost(bool, tag = "3")]
    old: bool,
}

impl State {
    /// The state as bytes.
    #[must_use]
    pub fn to_checkpoint(&self) -> Vec<u8> {
        let facts =
            facts(self).into_iter().map(|fact| FactRecord { fact: Some(fact), ..FactRecord::default() });
        let (issued, since) = issued_rows(&self.resolver);
        let sessions = self.told.sessions.rows().into_iter().map(|(session, identity, old)| SessionRow {
            session: session.clone(),
            identity: identity.clone(),
            old,
        });
        let arrivals = self.arrivals.newest().into_iter();
        let arrivals = arrivals
            .map(|(account, newest)| ArrivalRow { account: account.to_owned(), newest_ms: newest.ms() });
        StateImage {
            fact_number: self.control.fact_number.0,
            facts: facts.collect(),
            shards: self.shards().iter().map(|shard| ShardImage::of(shard, &self.symbols)).collect(),
            folded: self.folded().to_vec(),
            issued,
            issued_since_ms: since.ms(),
            automatic_holds_ms: self.control.automatic.iter().map(|at| at.ms()).collect(),
            arrivals: arrivals.collect(),
            sessions: sessions.collect(),
            sessions_since_ms: self.told.sessions.since().ms(),
            unusual: Some(UnusualImage::of(&self.unusual)),
            tasks: Some(ToldImage::of(&self.told.tasks)),
            tools: Some(ToldImage::of(&self.told.tools)),
        }
        .encode_to_vec()
    }

    /// The state that was written, and the facts that lead to its control part, in order.
    ///
    /// # Errors
    /// [`CheckpointError`] when the bytes are no state of this format.
    pub fn from_checkpoint(
        bytes: &[u8],
        format: u32,
        tenant: TenantId,
        seed: u64,
    ) -> Result<(Self, Vec<Fact>), CheckpointError> {
        if format != FORMAT {
            return Err(CheckpointError::Format { found: format });
        }
        let image = StateImage::decode(bytes)?;
        let mut state = Self::new(tenant, image.shards.len(), seed);
        let facts: Vec<_> = image.facts.into_iter().filter_map(|record| record.fact).collect();
        for (number, fact) in (1..).zip(&facts) {
            // Numbered anew: only their order counts here.
            let record = FactRecord { number, recorded_at_ms: 0, fact: Some(fact.clone()) };
            state.fold_fact(&record);
        }
        state.control.fact_number = FactNumber(image.fact_number);
        state.control.automatic = image.automatic_holds_ms.into_iter().map(Time::from_ms).collect();
        let shards = image.shards.into_iter().map(|shard| shard.restore(&mut state.symbols, seed)).collect();
        state.restore_behaviour(shards, image.folded);
        restore_issued(&mut state.resolver, image.issued, Time::from_ms(image.issued_since_ms));
        let sessions = image.sessions.into_iter().map(|row| (row.session, row.identity, row.old));
        state.told.sessions.restore(sessions, Time::from_ms(image.sessions_since_ms));
        for (image, table) in [(image.tasks, &mut state.told.tasks), (image.tools, &mut state.told.tools)] {
            image.unwrap_or_default().restore(table);
        }
        state.unusual = image.unusual.map(UnusualImage::restore).unwrap_or_default();
        let arrivals = image.arrivals.into_iter();
        state.arrivals.restore(arrivals.map(|row| (row.account, Time::from_ms(row.newest_ms))));
        Ok((state, facts))
    }
}
