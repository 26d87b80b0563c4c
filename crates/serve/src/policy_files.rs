//! The files of a policy set, by name: policies (`*.cedar`), schema (`*.cedarschema`), entities (`entities.yaml`).
//! Texts in; a set that can decide with the entities that it speaks of, or every error with file and line, out.

use std::collections::BTreeMap;

use doorward_model::decision::Mode;
use doorward_model::hash::Hash16;
use doorward_model::record::PolicyPublished;
use doorward_policy::entities;
use doorward_policy::policy_set::PolicySet;
use doorward_policy::policy_set::load::{LoadError, Source, Sources};
use doorward_views::snapshot::writer::EntityRow;

/// Reads and checks the files of a set.
///
/// # Errors
/// All that is wrong, by file and line.
pub fn read(files: &BTreeMap<String, String>) -> Result<(PolicySet, Vec<EntityRow>), Vec<LoadError>> {
    let mut sources = Sources::default();
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for (path, text) in files {
        let source = || Source { path: path.clone(), text: text.clone() };
        let error = |message: String| LoadError { path: path.clone(), line: 0, message };
        match path.rsplit(['.', '/']).next().unwrap_or_default() {
            "cedar" => sources.policies.push(source()),
            "cedarschema" => sources.schema.push(source()),
            "yaml" | "yml" => match entities::parse(text) {
                Ok(found) => rows.extend(found),
                Err(found) => errors.push(error(found.to_string())),
            },
            _ => errors.push(error("expected a file named *.cedar, *.cedarschema or *.yaml".to_owned())),
        }
    }
    let set = match PolicySet::load(&sources) {
        Ok(set) => Some(set),
        Err(found) => {
            errors.extend(found);
            None
        }
    };
    set.filter(|_| errors.is_empty()).map(|set| (set, rows)).ok_or(errors)
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
