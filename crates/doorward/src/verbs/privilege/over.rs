//! Over which inventory a question about privilege is asked: of files, of a data folder, or what a server knows. All
//! answer in the same JSON.

use std::io::{Write, stderr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use doorward_model::id::FactNumber;
use doorward_model::time::Time;
use doorward_privilege::derived::Derived;
use doorward_privilege::rating::TierZero;
use doorward_privilege::usage::Usage;
use doorward_serve::answers::privilege::{AskError, Listed};
use doorward_serve::answers::query::Query;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::analyze::{self, RejectAnswer};
use crate::cli::privilege::{KnownArgs, OverArgs};
use crate::client::Client;
use crate::privilege::{self, Analyzed};
use crate::serve::clock;
use crate::verbs::folder::Folder;
use crate::verbs::source::{Filter, pages};

/// Who answers.
pub(super) enum Over {
    /// A server, as of an instant if one is given.
    Server(Box<Client>, Option<Time>),
    /// This program, over what was read here; with what could not be read of files.
    Here(Box<Known>, Vec<RejectAnswer>),
}

/// What was read here.
pub(super) struct Known {
    /// What follows from the inventory.
    pub(super) derived: Derived,
    /// What was used, where anything tells.
    pub(super) usage: Option<Usage>,
}

/// How a server is asked: the parts of the path, and what may stand in the query.
pub(super) type Route<'a> = (&'a [&'a str], &'a [&'a str]);

impl Over {
    /// Whom the command line names.
    pub(super) fn of(OverArgs { files, known }: &OverArgs) -> Result<Self> {
        let over = Self::at(files, known, false)?;
        if let Self::Here(_, rejects) = &over
            && !rejects.is_empty()
        {
            let count = rejects.len();
            // Nowhere is left to tell it if stderr is closed.
            writeln!(
                stderr(),
                "doorward: {count} records were not read: `doorward privilege analyze` lists them"
            )
            .unwrap_or_default();
        }
        Ok(over)
    }

    /// The same, from parts, and perhaps without progress.
    pub(super) fn at(files: &[PathBuf], known: &KnownArgs, quiet: bool) -> Result<Self> {
        let tier_zero = known.tier_zero.as_deref().map(privilege::tier_zero).transpose()?;
        let as_of = known.as_of.map(|when| when.from_now(clock()));
        if !files.is_empty() {
            let (exports, ledger, rejects) = analyze::read(files, quiet)?;
            let atlas = privilege::atlas(exports, &tier_zero.unwrap_or(TierZero::Default))?;
            let usage = privilege::usage(ledger, &atlas)?;
            let derived = Derived { atlas, fact: FactNumber::default(), derived_at: clock() };
            return Ok(Self::Here(Box::new(Known { derived, usage }), rejects));
        }
        if let Some(dir) = &known.data_dir {
            let folder = match as_of {
                None => Folder::open(dir)?,
                Some(at) => Folder::open_as_of(dir, at)?,
            };
            let derived = folder.derived(&tier_zero.unwrap_or(TierZero::Default))?;
            if derived.is_empty() {
                bail!("no inventory is known in {}: import an export", dir.display());
            }
            let usage = privilege::usage(folder.uses(as_of)?, &derived.atlas)?;
            return Ok(Self::Here(Box::new(Known { derived, usage }), Vec::new()));
        }
        if tier_zero.is_some() {
            bail!(
                "a server goes by its own list of what matters most: name --data-dir or files beside --tier-zero"
            );
        }
        Ok(Self::Server(Box::new(Client::new(&known.api)?), as_of))
    }

    /// As many answers as wanted, and how many there are.
    pub(super) fn list<T: DeserializeOwned>(
        &self,
        (path, fields): Route<'_>,
        filters: &[Filter],
        limit: NonZeroUsize,
        here: impl FnOnce(&Known, &Query) -> Result<Listed<T>, AskError>,
    ) -> Result<(Vec<T>, usize)> {
        match self {
            Self::Here(known, _) => {
                let mut query = read(filters, fields)?;
                query.limit = limit.get();
                let listed = here(known, &query)?;
                Ok((listed.items, listed.total))
            }
            Self::Server(client, as_of) => {
                let filters = with(filters, *as_of);
                let mut page = pages(&filters, (limit, None), |asked| client.get(path, &asked))?;
                let total = page.get("total").and_then(Value::as_u64).unwrap_or_default();
                let items = page.get_mut("items").map(Value::take).unwrap_or_default();
                let items = serde_json::from_value(items).context("cannot read the answer of the server")?;
                Ok((items, usize::try_from(total)?))
            }
        }
    }

    /// One answer.
    pub(super) fn one<T: DeserializeOwned>(
        &self,
        (path, fields): Route<'_>,
        filters: &[Filter],
        here: impl FnOnce(&Known, &Query) -> Result<T, AskError>,
    ) -> Result<T> {
        match self {
            Self::Here(known, _) => Ok(here(known, &read(filters, fields)?)?),
            Self::Server(client, as_of) => {
                let answer = client.get(path, &with(filters, *as_of))?;
                serde_json::from_value(answer).context("cannot read the answer of the server")
            }
        }
    }

    /// All that is said of an inventory, put together from pages.
    pub(super) fn analyzed(&self) -> Result<Analyzed> {
        let (client, as_of) = match self {
            Self::Here(known, _) => {
                return privilege::analyzed(&known.derived.atlas, known.usage.as_ref());
            }
            Self::Server(client, as_of) => (client, with(&[], *as_of)),
        };
        let mut cursor: Option<String> = None;
        let mut whole: Option<Analyzed> = None;
        loop {
            let next = cursor.iter().map(|cursor| ("cursor", cursor.clone()));
            let asked: Vec<Filter> =
                as_of.iter().cloned().chain([("limit", PAGE.to_owned())]).chain(next).collect();
            let mut page = client.get(&["v1", "privilege"], &asked)?;
            cursor = page.get_mut("next_cursor").and_then(|next| next.as_str().map(str::to_owned));
            let page: Analyzed =
                serde_json::from_value(page).context("cannot read the answer of the server")?;
            match &mut whole {
                None => whole = Some(page),
                Some(whole) => whole.principals.extend(page.principals),
            }
            if cursor.is_none() {
                return whole.context("the server has not answered");
            }
        }
    }
}

pub(super) fn read(filters: &[Filter], fields: &[&str]) -> Result<Query> {
    let pairs = filters.iter().map(|(field, value)| ((*field).to_owned(), value.clone()));
    Ok(Query::read(pairs, fields, usize::MAX)?)
}

pub(super) fn with(filters: &[Filter], as_of: Option<Time>) -> Vec<Filter> {
    let as_of = as_of.map(|at| ("as_of", at.to_string()));
    filters.iter().cloned().chain(as_of).collect()
}

/// How many principals a server is asked for at once.
const PAGE: &str = "1000";
