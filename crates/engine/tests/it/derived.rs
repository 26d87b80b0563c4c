//! What is derived from the log of an import, against what the very files of it say.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use doorward_engine::{derive, derive_rows, fill};
use doorward_intake::{Item, Limits, Reader};
use doorward_model::hash::Hash16;
use doorward_model::inventory::{AccountExport, PolicyDocument};
use doorward_model::record::Fact;
use doorward_model::time::Time;
use doorward_privilege::answers;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::change::Change;
use doorward_privilege::escalation::Rules;
use doorward_privilege::estate::Builder;
use doorward_privilege::rating::TierZero;
use doorward_simulate::large_account;
use serde_json::{Value, json};

use crate::support::Driver;

/// A large account of so many roles.
fn account(roles: u32) -> Vec<AccountExport> {
    let mut bytes = Vec::new();
    large_account(7, roles, &mut |piece| bytes.extend_from_slice(piece));
    let mut exports = Vec::new();
    let mut take = |item| match item {
        Item::Export(export) => exports.push(*export),
        other => panic!("{other:?}"),
    };
    let mut reader = Reader::new("test", Limits::default());
    reader.push(&bytes, &mut take);
    reader.finish(&mut take);
    exports
}

fn atlas(exports: Vec<AccountExport>) -> Atlas {
    let newest = exports.iter().map(|export| export.newest_at_ms).max().unwrap();
    let mut builder = Builder::default();
    exports.into_iter().for_each(|export| builder.add(export));
    let (rules, as_of) = (Rules::shipped().unwrap(), Time::from_ms(newest));
    Atlas::new(builder.build(), rules, as_of, &TierZero::Default).unwrap()
}

/// All that is answered of an atlas.
fn answered(atlas: &Atlas) -> Value {
    json!({
        "principals": answers::principals(atlas),
        "choke points": answers::chokes(atlas, 100),
        "unknown": answers::unknown(&atlas.estate),
    })
}

/// Texts by their hashes.
type Blobs = BTreeMap<Hash16, String>;

fn import(driver: &mut Driver, blobs: &mut Blobs, export: &AccountExport, now: i64) -> Vec<Fact> {
    blobs.extend(export.policies.iter().map(|document| (document.hash, document.text.clone())));
    driver.import(export, Time::from_ms(now))
}

fn filled(mut exports: Vec<AccountExport>, blobs: &Blobs) -> Vec<AccountExport> {
    fill(&mut exports, |hash| Ok::<_, Infallible>(blobs.get(&hash).cloned())).unwrap();
    exports
}

#[test]
fn an_import_is_answered_as_its_files_are_and_a_text_that_is_lost_allows_nothing() {
    let files = account(400);
    let mut driver = Driver::new(1, 1);
    let mut blobs = Blobs::new();
    for export in &files {
        import(&mut driver, &mut blobs, export, export.newest_at_ms + 1);
    }
    let control = &driver.engine.state.control;
    let derived = |blobs: &Blobs| answered(&atlas(filled(derive(control), blobs)));
    let whole = answered(&atlas(files.clone()));
    assert_eq!(derived(&blobs), whole);
    let escalates = |answer: &Value| {
        let principals = answer["principals"].as_array().unwrap().iter();
        let escalates = principals.filter(|one| one["escalation"] == "now" || one["admin"] == true);
        escalates.map(|one| one["arn"].clone()).collect::<Vec<_>>()
    };
    assert!(!escalates(&whole).is_empty());
    let none = derived(&BTreeMap::new());
    assert_eq!(escalates(&none), Vec::<Value>::new());
    let documents: usize = files.iter().map(|export| export.policies.len()).sum();
    assert_eq!(none["unknown"].as_array().unwrap().len(), documents);
}

/// The rows that facts name are what an atlas needs to become that of all that is known.
#[test]
fn the_rows_that_facts_name_are_the_difference() {
    let mut driver = Driver::new(1, 1);
    let mut blobs = Blobs::new();
    let [before] = account(60).try_into().unwrap();
    import(&mut driver, &mut blobs, &before, before.newest_at_ms + 1);
    let first = atlas(filled(derive(&driver.engine.state.control), &blobs));

    // Every seventh is gone with what it held, every fifth document is another, every third right is not given any more.
    let mut after = before.clone();
    let mut at = 0;
    let mut each = |nth: usize| {
        at += 1;
        at % nth == 0
    };
    let gone: BTreeSet<String> =
        before.identities.iter().filter(|_| each(7)).map(|identity| identity.id.clone()).collect();
    after.identities.retain(|identity| !gone.contains(&identity.id));
    after.entitlements.retain(|held| !(gone.contains(&held.holder) || held.document.is_empty() && each(3)));
    after.policies.retain(|document| !gone.iter().any(|id| document.name.starts_with(&format!("{id} "))));
    let any =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    for document in after.policies.iter_mut().filter(|_| each(5)) {
        *document =
            PolicyDocument { seen: document.seen, ..PolicyDocument::of(document.name.clone(), any.into()) };
        for held in after.entitlements.iter_mut().filter(|held| held.document_name() == document.name) {
            if !held.document.is_empty() {
                held.document = document.hash.0.to_vec();
            }
        }
    }
    let facts = import(&mut driver, &mut blobs, &after, before.newest_at_ms + 2);
    let control = &driver.engine.state.control;
    let keys: BTreeSet<_> = facts.iter().filter_map(Fact::row).collect();
    let (now, gone) = derive_rows(control, &keys);
    assert!(!now.is_empty() && gone.len() > 10, "{}", gone.len());
    let later = first.later(&Change { now: filled(now, &blobs), gone }).unwrap();
    let anew = answered(&atlas(filled(derive(control), &blobs)));
    assert_eq!(answered(&later), anew);
    assert_ne!(answered(&first), anew);
}
