//! The organisation as files: logs as CloudTrail delivers them, exports, labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_model::time::Millis;

use crate::organisation::{Member, Organisation, organisation};
use crate::plan::{Plan, noise_table};
use crate::random::{Random, Stream, letters, nth};
use crate::record::SimEvent;

/// How many records one log file holds at most.
const RECORDS_MAX: usize = 1_000;

/// Of how many identities the records of a whole day are made at once.
const IDENTITIES_AT_ONCE: u32 = 50_000;

const LETTERS: [u8; 36] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Hands every file of a plan to the sink, by relative path and content: the log folders, day by day, then
/// `iam/<account>.json`, `labels.json` and `README.txt`.
pub fn files(plan: &Plan, sink: &mut dyn FnMut(&str, &[u8])) {
    let organisation = organisation(plan);
    for day in 0..plan.days {
        log_files(&organisation, day, plan.identities.div_ceil(IDENTITIES_AT_ONCE), sink);
    }
    let mut located: BTreeMap<u32, Vec<Member>> = BTreeMap::new();
    for member in organisation.members() {
        located.entry(member.account).or_default().push(member);
    }
    for account in organisation.accounts() {
        let members = located.remove(&account.index).unwrap_or_default();
        sink(&format!("iam/{}.json", account.id), &organisation.export_of(account, &members));
    }
    sink("labels.json", &labels_json(&organisation));
    sink("README.txt", readme(&organisation).as_bytes());
}

/// The logs of a day, made in so many slices of it, of which one is in memory at a time.
fn log_files(organisation: &Organisation, day: u32, slices: u32, sink: &mut dyn FnMut(&str, &[u8])) {
    let mut written: BTreeMap<(Arc<str>, &'static str), u64> = BTreeMap::new();
    let begins = organisation.plan().day_start(day);
    let at = |slice: u32| begins + Millis(Millis::DAY.0 * i64::from(slice) / i64::from(slices));
    for slice in 0..slices {
        let mut events = organisation.between(at(slice), at(slice + 1));
        events.sort_unstable_by(|one, other| {
            (place(one), one.at, one.id).cmp(&(place(other), other.at, other.id))
        });
        for of_place in events.chunk_by(|one, other| place(one) == place(other)) {
            let Some((account, region)) = of_place.first().map(place) else { continue };
            let part = written.entry((Arc::clone(account), region)).or_default();
            for chunk in of_place.chunks(RECORDS_MAX) {
                let parts = [account.parse().unwrap_or_default(), u64::from(day), *part, letters(region)];
                sink(&path(organisation, (account, region), chunk, &parts), &delivered(chunk));
                *part += 1;
            }
        }
    }
}

/// In whose log of which region it is.
fn place(event: &SimEvent) -> (&Arc<str>, &'static str) {
    (&event.account, event.region)
}

/// The content of a log file with these records.
#[must_use]
pub fn delivered(events: &[SimEvent]) -> Vec<u8> {
    let mut content = Vec::with_capacity(events.len() * 1_800 + 16);
    content.extend_from_slice(br#"{"Records":["#);
    for (place, event) in events.iter().enumerate() {
        if place > 0 {
            content.push(b',');
        }
        event.write_json(&mut content);
    }
    content.extend_from_slice(b"]}");
    content
}

fn path(
    organisation: &Organisation,
    (account, region): (&str, &str),
    chunk: &[SimEvent],
    parts: &[u64],
) -> String {
    let stamp = chunk.last().map(|event| event.at.to_string()).unwrap_or_default();
    let digits: String = stamp.chars().filter(|letter| !matches!(letter, '-' | ':')).take(13).collect();
    let date = stamp.get(..10).unwrap_or_default().replace('-', "/");
    let mut random = Random::of(organisation.plan().seed, Stream::File, parts);
    let id: String = (0..16).map(|_| char::from(nth(&LETTERS, random.bits()))).collect();
    format!("AWSLogs/{account}/CloudTrail/{region}/{date}/{account}_CloudTrail_{region}_{digits}Z_{id}.json")
}

fn labels_json(organisation: &Organisation) -> Vec<u8> {
    let label = |label: crate::attack::Label| {
        let events: Vec<_> = label.events.iter().map(|id| format!(r#""{id}""#)).collect();
        let crate::attack::Label { id, name, attack_id, network, agent, identity, from, to, expect, .. } =
            label;
        format!(
            r#"{{"id":"{id}","name":"{name}","technique":"{attack_id}","network":"{}","agent":"{}","identity":"{identity}","from":"{from}","to":"{to}","expect":"{expect}","events":[{}]}}"#,
            network.word(),
            agent.word(),
            events.join(",")
        )
    };
    let labels: Vec<_> = organisation.labels().into_iter().map(label).collect();
    format!(
        "{{\"kind\":\"doorward-simulation-labels\",\"seed\":{},\"labels\":[\n{}\n]}}\n",
        organisation.plan().seed,
        labels.join(",\n")
    )
    .into_bytes()
}

fn readme(organisation: &Organisation) -> String {
    let plan = organisation.plan();
    let noise: String = noise_table(&plan.noise)
        .iter()
        .map(|row| format!("  {:<22}{:>9}  {}: {}\n", row.name, row.value, row.unit, row.meaning))
        .collect();
    format!(
        "A simulated organisation. Nothing in here is real: people, accounts, keys, addresses are made from the seed.\n\n\
         seed {}, about {} identities, {} accounts, {} days from {}\n\n\
         AWSLogs/...       CloudTrail records, in folders and files as CloudTrail delivers them\n\
         iam/ACCOUNT.json  what `aws iam get-account-authorization-details` says of each account before the first day\n\
         labels.json       the attacks that are hidden in the records: technique, identity, record ids, and what a\n                  \
         detector should say; do not show it to the detector\n\n\
         How restless the benign part is:\n{noise}",
        plan.seed,
        plan.identities,
        organisation.accounts().len(),
        plan.days,
        plan.day_start(0)
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::log_files;
    use crate::organisation::organisation;
    use crate::plan::Plan;

    #[test]
    fn a_day_in_slices_has_the_records_of_the_whole_day() {
        let organisation = organisation(&Plan::new(3, 200, 2));
        let files = |slices| {
            let mut files = BTreeMap::new();
            log_files(&organisation, 1, slices, &mut |path, content| {
                let text = String::from_utf8(content.to_vec()).unwrap();
                let [_, account, _, region, ..] = path.split('/').collect::<Vec<_>>()[..] else { panic!() };
                let count = |said: &str| text.matches(said).count();
                let of_file = [
                    count(&format!(r#","awsRegion":"{region}","#)),
                    count(&format!(r#","recipientAccountId":"{account}","#)),
                ];
                assert_eq!(of_file, [count(r#","eventID":"#); 2], "{path}");
                assert_eq!(files.insert(path.to_owned(), text), None, "{path} is there twice");
            });
            files
        };
        let records = |files: &BTreeMap<String, String>| {
            let mut records: Vec<_> = files
                .values()
                .flat_map(|text| {
                    let list = text.strip_prefix("{\"Records\":[").and_then(|rest| rest.strip_suffix("]}"));
                    let records = list.unwrap().split(",{\"eventVersion\"");
                    records.map(str::to_owned).collect::<Vec<_>>()
                })
                .collect();
            records.iter_mut().for_each(|record| *record = record.replace("{\"eventVersion\"", ""));
            records.sort();
            records
        };
        let (whole, slices) = (files(1), files(7));
        assert!(slices.len() > whole.len(), "{} and {} files", slices.len(), whole.len());
        assert_eq!(records(&slices), records(&whole));
    }
}
