//! What policies read as `context`: what the request brings, and what we add, which nothing brought can replace.

use std::collections::BTreeSet;

use doorward_model::hold::HoldProfile;
use doorward_model::risk::RiskLevel;
use doorward_views::snapshot::attribute::{Attribute, Record};

use crate::cedar::{self, Built};
use crate::reading::{Masks, selected};

/// Properties that a request brings; policies read them as `context.request.{subject,resource,action}` only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Properties<'a> {
    /// Of the subject.
    pub subject: Option<&'a Record>,
    /// Of the resource.
    pub resource: Option<&'a Record>,
    /// Of the action.
    pub action: Option<&'a Record>,
}

/// The context of one question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    given: Option<&'a Record>,
    added: Option<Added<'a>>,
}

/// How the subject stands by now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'a> {
    pub(crate) risk_score: u32,
    /// The profiles of the holds in force on the request.
    pub(crate) holds: &'a BTreeSet<HoldProfile>,
}

/// What we add.
#[derive(Clone, Copy, Debug)]
struct Added<'a> {
    standing: Standing<'a>,
    properties: Properties<'a>,
}

const RISK: &str = "risk";
const HOLDS: &str = "holds";
const REQUEST: &str = "request";

impl<'a> Context<'a> {
    /// Just what is given.
    pub(crate) const fn plain(given: &'a Record) -> Self {
        Self { given: Some(given), added: None }
    }

    /// With `risk`, `holds` and `request`.
    pub(crate) const fn with(
        given: Option<&'a Record>,
        standing: Standing<'a>,
        properties: Properties<'a>,
    ) -> Self {
        Self { given, added: Some(Added { standing, properties }) }
    }

    /// Whether an entity is named in it.
    pub(crate) fn names_entity(&self) -> bool {
        self.records().any(|record| record.iter().any(|(_, value)| value.names_entity()))
    }

    /// The values in it.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &'a Attribute> {
        self.records().flat_map(|record| record.iter().map(|(_, value)| value))
    }

    fn records(&self) -> impl Iterator<Item = &'a Record> + use<'a> {
        let properties = self.added.map(|added| added.properties).unwrap_or_default();
        [self.given, properties.subject, properties.resource, properties.action].into_iter().flatten()
    }

    /// The parts that are read, built.
    pub(crate) fn values<'n>(
        &self,
        columns: &'n [String],
        reads: Masks,
    ) -> Result<Vec<(&'n str, Built)>, String>
    where
        'a: 'n,
    {
        let mut values = Vec::with_capacity(4);
        if reads.context_whole {
            for (name, _) in self.given.iter().flat_map(|given| given.iter()) {
                self.build(name, &mut values)?;
            }
            for name in [RISK, HOLDS, REQUEST] {
                if self.given.is_none_or(|given| given.get(name).is_none()) {
                    self.build(name, &mut values)?;
                }
            }
        } else {
            for name in selected(columns, reads.context) {
                self.build(name, &mut values)?;
            }
        }
        Ok(values)
    }

    fn build<'n>(&self, name: &'n str, values: &mut Vec<(&'n str, Built)>) -> Result<(), String> {
        let value = match (name, self.added) {
            (RISK, Some(added)) => Some(risk(added.standing.risk_score)),
            (HOLDS, Some(added)) => Some(holds(added.standing.holds)),
            (REQUEST, Some(added)) => Some(request(added.properties)?),
            _ => self.given.and_then(|given| given.get(name)).map(cedar::value).transpose()?,
        };
        values.extend(value.map(|value| (name, value)));
        Ok(())
    }
}

fn risk(score: u32) -> Built {
    let level = RiskLevel::of(score).word();
    cedar::record([("level", Built::from(level)), ("score", Built::from(i64::from(score)))])
}

/// The words of the profiles: a policy may be stricter yet with whom a hold lets pass.
fn holds(profiles: &BTreeSet<HoldProfile>) -> Built {
    cedar::set(profiles.iter().map(|profile| Built::from(profile.word())))
}

/// All three are always there, so that a policy may ask for a property without asking for its holder first.
fn request(properties: Properties<'_>) -> Result<Built, String> {
    let empty = Record::default();
    let part = |record: Option<&Record>| cedar::value(&Attribute::Record(record.unwrap_or(&empty).clone()));
    Ok(cedar::record([
        ("action", part(properties.action)?),
        ("resource", part(properties.resource)?),
        ("subject", part(properties.subject)?),
    ]))
}
