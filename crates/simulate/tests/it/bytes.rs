//! One seed, one output.

use std::collections::BTreeMap;

use doorward_simulate::{AttackPlan, Plan, files};

fn digest(plan: &Plan) -> String {
    let mut hasher = blake3::Hasher::new();
    files(plan, &mut |path, content| {
        hasher.update(path.as_bytes());
        hasher.update(&[0]);
        hasher.update(content);
    });
    hasher.finalize().to_hex().chars().take(32).collect()
}

fn small(seed: u64) -> Plan {
    Plan { attacks: AttackPlan::EachVariant, ..Plan::new(seed, 60, 5) }
}

#[test]
fn a_seed_gives_these_bytes_and_no_others() {
    assert_eq!(digest(&small(1)), "6ed7a0f2258c0129df30912e53adabe1");
    assert_eq!(digest(&small(1)), digest(&small(1)));
    assert_ne!(digest(&small(1)), digest(&small(2)));
}

#[test]
fn files_lie_where_the_platform_puts_them() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    files(&small(3), &mut |path, content| {
        let kind = match path.split('/').collect::<Vec<_>>()[..] {
            ["AWSLogs", account, "CloudTrail", region, year, month, day, name] => {
                let begins = format!("{account}_CloudTrail_{region}_{year}{month}{day}T");
                assert!(name.starts_with(&begins), "{name} does not begin with {begins}");
                "log"
            }
            ["iam", _] => "export",
            _ => path,
        };
        assert!(
            path == "README.txt" || serde_json::from_slice::<serde_json::Value>(content).is_ok(),
            "{path}"
        );
        *kinds.entry(kind.to_owned()).or_default() += 1;
    });
    assert_eq!(kinds.remove("log").map(|logs| logs > 20), Some(true));
    let rest: Vec<_> = kinds.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
    assert_eq!(rest, [("README.txt", 1), ("export", 6), ("labels.json", 1)]);
}
