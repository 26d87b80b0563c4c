//! The files of a policy set, by name: policies (`*.cedar`), schema (`*.cedarschema`), entities (`entities.yaml`).
//! Texts in; a set that can decide with the entities that it speaks of, or every error with file and line, out.

use std::collections::BTreeMap;

use doorward_model::decision::Mode;
use doorward_model::hash::Hash16;
use doorward_model::record::PolicyPublished;
use doorward_policy::entities;
use doorward_policy::policy_set::load::{LoadError, Source, Sources};
use doorward_policy::policy_set::{Cost, Expected, PolicySet, Stray};
use doorward_views::snapshot::writer::EntityRow;
use serde::Serialize;
use utoipa::ToSchema;

/// Reads and checks the files of a set.
///
/// # Errors
/// All that is wrong, by file and line.
pub fn read(files: &BTreeMap<String, String>) -> Result<(PolicySet, Vec<EntityRow>), Vec<LoadError>> {
    let (mut sources, mut entities, mut errors) = (Sources::default(), Vec::new(), Vec::new());
    for (path, text) in files {
        let source = Source { path: path.clone(), text: text.clone() };
        match path.rsplit(['.', '/']).next().unwrap_or_default() {
            "cedar" => sources.policies.push(source),
            "cedarschema" => sources.schema.push(source),
            "yaml" | "yml" => entities.push(source),
            _ => {
                let message = "expected a file named *.cedar, *.cedarschema or *.yaml".to_owned();
                errors.push(LoadError { path: path.clone(), line: 0, message });
            }
        }
    }
    let mut told = |found| errors.extend(found);
    let rows = entities::read(&entities).map_err(&mut told).ok();
    let set = PolicySet::load(&sources).map_err(&mut told).ok();
    match (set, rows) {
        (Some(set), Some(rows)) if errors.is_empty() => Ok((set, rows)),
        _ => Err(errors),
    }
}

/// What a set costs its decisions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Costs {
    /// How many policies there are.
    pub policies: usize,
    /// How many of them a request is to meet.
    pub candidates: Candidates,
    /// What makes decisions dear, and what means nothing.
    pub warnings: Vec<Warning>,
}

/// How many policies a request meets whatever its entities are; those that name its entities come to them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Candidates {
    /// In the middle one of all kinds of request.
    pub typical: usize,
    /// In the dearest kind.
    pub most: usize,
    /// That kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dearest: Option<RequestKind>,
}

/// A kind of request, by the names of the schema.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct RequestKind {
    /// The type of the principal.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The type of the resource.
    pub resource: String,
}

/// A policy that makes decisions dear, or says something that means nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Warning {
    /// The policy, or the first of several; or the action of the schema.
    pub policy: String,
    /// `always`, `crowd`, `deep` or `annotation`.
    pub kind: &'static str,
    /// What that means, in a sentence.
    pub message: String,
}

impl From<&PolicySet> for Costs {
    fn from(set: &PolicySet) -> Self {
        let Expected { typical, most, dearest } = set.expected();
        let kind = |[principal, action, resource]: [String; 3]| RequestKind { principal, action, resource };
        let warning = |cost: &Cost| Warning {
            policy: cost.policy().to_owned(),
            kind: cost.word(),
            message: cost.to_string(),
        };
        let stray = |stray: &Stray| Warning {
            policy: stray.at.clone(),
            kind: "annotation",
            message: stray.to_string(),
        };
        Self {
            policies: set.len(),
            candidates: Candidates { typical, most, dearest: dearest.map(kind) },
            warnings: set.costs().iter().map(warning).chain(set.strays().iter().map(stray)).collect(),
        }
    }
}

/// The fact that these files decide from now on; each is named by the hash under which the journal keeps it.
#[must_use]
pub fn published(files: &BTreeMap<String, String>, mode: Mode, risk_max: u32, by: &str) -> PolicyPublished {
    let hash = |text: &String| Hash16::of(text.as_bytes()).to_string();
    let hashes: BTreeMap<_, _> = files.iter().map(|(name, text)| (name.clone(), hash(text))).collect();
    let parts: Vec<&[u8]> =
        hashes.iter().flat_map(|(name, hash)| [name.as_bytes(), hash.as_bytes()]).collect();
    PolicyPublished {
        hash: Hash16::of_parts(&parts).to_string(),
        files: hashes,
        mode: mode.into(),
        risk_max,
        by: by.to_owned(),
    }
}

/// Reads the hash of a file as a published set names it.
#[must_use]
pub fn blob_hash(digits: &str) -> Option<Hash16> {
    let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some((value(high)? << 4) | value(low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    Hash16::from_slice(&bytes?)
}
