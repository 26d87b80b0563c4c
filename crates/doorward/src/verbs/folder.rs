//! Answers from a data folder that no server uses: the journal is read and folded, and nothing is written to it.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result, bail};
use doorward_detect::narrative::narrative;
use doorward_engine::{Engine, Rules};
use doorward_journal::{Content, Journal, JournalError, Log, Options, Sqlite};
use doorward_model::id::TenantId;
use doorward_model::record::Fact;
use doorward_model::time::Time;
use doorward_model::usage::Ledger;
use doorward_privilege::derived::Derived;
use doorward_privilege::rating::TierZero;
use doorward_serve::answers::events::{LOOKS_MAX, Place, Wanted, events};
use doorward_serve::answers::query::Query;
use doorward_serve::answers::status::status;
use doorward_serve::answers::who::{Depth, who};
use doorward_serve::answers::{events, explain, findings, heads, holds, identities, rest, trend, unusual};
use doorward_serve::handle::Peps;
use doorward_serve::past::PastError;
use doorward_views::state::State;
use serde::Serialize;
use serde_json::Value;

use crate::fold::Fold;
use crate::privilege;
use crate::serve::past::state_at;
use crate::serve::{TENANT, clock};
use crate::verbs::source::Noun;
use crate::verbs::world;

/// A data folder with the state that it folds to.
pub(crate) struct Folder {
    journal: Sqlite,
    engine: Engine,
    /// The facts that lead to its control state, in order.
    facts: Vec<Fact>,
    now: Time,
}

impl Folder {
    /// Opens a data folder and folds what it holds.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let journal = open(dir)?;
        let mut engine = Engine::new(TenantId::from(TENANT), Rules::default(), 1, HASH_SEED);
        let facts = fold(&journal, &mut engine)
            .with_context(|| format!("cannot fold the journal in {}", dir.display()))?;
        let now = clock().max(journal.head().recorded_at);
        Ok(Self { journal, engine, facts, now })
    }

    /// Opens a data folder and folds what its facts said at an instant.
    pub(crate) fn open_as_of(dir: &Path, at: Time) -> Result<Self> {
        if at > clock() {
            return Err(PastError::Ahead(at).into());
        }
        let journal = open(dir)?;
        let mut engine = Engine::new(TenantId::from(TENANT), Rules::default(), 1, HASH_SEED);
        engine.state = state_at(&journal, &engine, (at, u64::MAX))?;
        Ok(Self { journal, engine, facts: Vec::new(), now: at })
    }

    pub(crate) fn who(&self, asked: &str) -> Result<Value> {
        value(who(self.state(), &self.journal, (asked, Depth::Whole), self.now)?)
    }

    pub(crate) fn show(&self, noun: Noun, id: &str) -> Result<Value> {
        let (state, now) = (self.state(), self.now);
        let found = match noun {
            Noun::Identity => identities::identity(state, id, now).map(value),
            Noun::Finding => findings::finding(state, id, (narrative, now)).map(value),
            Noun::Hold => holds::hold(state, id, now).map(value),
            Noun::Pep => rest::pep_row(state, id).map(value),
            Noun::Token => rest::token(state, id, now).map(value),
            Noun::Event | Noun::Head | Noun::Unusual | Noun::Trend => None,
        };
        found.with_context(|| format!("no {} by the id {id:?} is known", noun.word()))?
    }

    pub(crate) fn page(&self, noun: Noun, asked: Vec<(&'static str, String)>) -> Result<Value> {
        let (state, now) = (self.state(), self.now);
        let pairs = asked.into_iter().map(|(field, value)| (field.to_owned(), value));
        let query = |fields: &[&str]| Query::read(pairs, fields, usize::MAX);
        match noun {
            Noun::Identity => value(identities::identities(state, &query(&identities::FIELDS)?, now)?),
            Noun::Finding => value(findings::findings(state, &query(&findings::FIELDS)?, (narrative, now))?),
            Noun::Unusual => value(unusual::unusual(state, &query(&unusual::FIELDS)?, narrative)?),
            Noun::Hold => value(holds::holds(state, &query(&holds::FIELDS)?, now)?),
            Noun::Pep => value(rest::peps(state, &query(&rest::PEP_FIELDS)?)?),
            Noun::Token => value(rest::tokens(state, &query(&rest::TOKEN_FIELDS)?, now)?),
            Noun::Trend => value(trend::trend(state, &query(&[])?)?),
            Noun::Event => self.events(&query(&events::FIELDS)?),
            Noun::Head => {
                let query = query(&[])?;
                value(heads::heads(&self.journal, (heads::up_to(&query)?, query.limit))?)
            }
        }
    }

    fn events(&self, query: &Query) -> Result<Value> {
        let wanted = Wanted::read(query)?;
        let from = query.cursor.as_deref().map(Place::read).transpose()?;
        let from = from.unwrap_or_else(|| Place::end(&self.journal));
        value(events(&self.journal, &wanted, from, (query.limit, LOOKS_MAX))?.page(&self.journal))
    }

    pub(crate) fn explain(&self, pep: Option<&str>, question: &Value) -> Result<Value> {
        let control = &self.state().control;
        let published = rest::policy(self.state(), &self.journal)?;
        let settings = control.policy.as_ref().map(world::settings);
        let world = world::of(control, &self.facts, (published.map(|row| row.files), settings))?;
        let pep = Peps::of(control.peps.values()).find(pep.unwrap_or(explain::PEP));
        world::explain(&world, &pep, question, self.now)
    }

    pub(crate) fn policy(&self) -> Result<Option<Value>> {
        rest::policy(self.state(), &self.journal)?.map(value).transpose()
    }

    pub(crate) fn status(&self) -> Result<Value> {
        value(status(self.state(), &self.journal, self.now)?)
    }

    pub(crate) fn head(&self) -> Result<Option<Value>> {
        heads::newest(&self.journal)?.map(value).transpose()
    }

    /// What could be done.
    pub(crate) fn derived(&self, tier_zero: &TierZero) -> Result<Derived> {
        let control = &self.state().control;
        privilege::derived((control, tier_zero), |hash| self.journal.blob(hash), self.now)
    }

    /// What was used by whom: what the index tells, if there is one, and what the rows behind it show.
    pub(crate) fn uses(&self, as_of: Option<Time>) -> Result<Ledger> {
        let (mut ledger, through) = self.journal.usage().unwrap_or_default();
        self.journal.read_from(through.next(), &mut |row| {
            if let Content::Records(records) = &row.content {
                records.iter().for_each(|record| ledger.take_record(record));
            }
            ControlFlow::Continue(())
        })?;
        Ok(match as_of {
            None => ledger,
            Some(at) => ledger.as_of(at),
        })
    }

    fn state(&self) -> &State {
        &self.engine.state
    }
}

/// The journal of a data folder that is there.
pub(super) fn open(dir: &Path) -> Result<Sqlite> {
    must_be_there(dir)?;
    match Sqlite::open(dir, &TenantId::from(TENANT), Options::default()) {
        Ok(journal) => Ok(journal),
        Err(JournalError::InUse { path, holder }) => bail!(
            "{} is used by process {holder}: ask that server with --url, stop it first, or copy the folder with \
             doorward backup",
            path.display()
        ),
        Err(error) => Err(error).with_context(|| format!("cannot open the data folder {}", dir.display())),
    }
}

/// Opening would make what is not there.
pub(super) fn must_be_there(dir: &Path) -> Result<()> {
    if !dir.join(JOURNAL).is_file() {
        bail!("{} is no data folder: there is no {JOURNAL} in it", dir.display());
    }
    Ok(())
}

/// Folds the newest checkpoint and what came after it. What follows from a record and is not in the journal is left
/// to the server: it goes by its own settings.
fn fold(journal: &Sqlite, engine: &mut Engine) -> Result<Vec<Fact>, JournalError> {
    let (mut fold, mut facts) = Fold::begin(journal, engine)?;
    fold.go_on(journal, engine, &mut |fact| {
        facts.push(fact);
        ControlFlow::Continue(())
    })?;
    Ok(facts)
}

fn value<T: Serialize>(answer: T) -> Result<Value> {
    Ok(serde_json::to_value(answer)?)
}

/// What a data folder is told by.
const JOURNAL: &str = "journal.sqlite";
/// No answer depends on it.
pub(super) const HASH_SEED: u64 = 0x9e37_79b9_7f4a_7c15;
