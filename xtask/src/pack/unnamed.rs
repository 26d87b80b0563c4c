//! The text of the list of AWS permissions after which no call is named; `crates/privilege/src/usage/logged.rs` reads it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What services call their operations, in lower case, by all names of the service.
#[derive(Debug, Default)]
pub(super) struct Calls {
    of_service: BTreeMap<String, BTreeSet<String>>,
    all: BTreeSet<String>,
}

/// The model of a service in AWS's SDK for Python.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    metadata: Metadata,
    operations: BTreeMap<String, IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    endpoint_prefix: String,
    signing_name: Option<String>,
}

impl Calls {
    /// Takes in the operations of a model. Permissions begin with one of the names of their service, and which one that is
    /// no model says.
    pub(super) fn add(&mut self, name: &str, model: Model) {
        let Model { metadata: Metadata { endpoint_prefix, signing_name }, operations } = model;
        let operations: Vec<String> = operations.into_keys().map(|name| name.to_lowercase()).collect();
        for name in [Some(name), Some(&endpoint_prefix), signing_name.as_deref()].into_iter().flatten() {
            self.of_service.entry(name.to_lowercase()).or_default().extend(operations.iter().cloned());
        }
        self.all.extend(operations);
    }

    /// Whether a call is named after a permission. Of a service without a model, any service may have it.
    fn has(&self, service: &str, permission: &str) -> bool {
        let calls = self.of_service.get(&service.to_lowercase()).unwrap_or(&self.all);
        calls.contains(&permission.to_lowercase())
    }
}

/// The whole text, of the list of permissions and what the package of that version calls operations.
pub(super) fn text(permissions: &str, calls: &Calls, version: &str) -> Result<String> {
    let listed = listed(permissions);
    ensure!(!listed.is_empty(), "the list of permissions has none");
    let mut out = format!("{HEAD}# (botocore {version}, Apache-2.0){REST}");
    for (service, names) in listed {
        let mut line = service.to_owned();
        for name in names.iter().filter(|name| !calls.has(service, name)) {
            if line.len() + 1 + name.len() > WIDTH {
                out.push_str(&format!("{line}\n"));
                service.clone_into(&mut line);
            }
            line.push_str(&format!(" {name}"));
        }
        if line.len() > service.len() {
            out.push_str(&format!("{line}\n"));
        }
    }
    Ok(out)
}

/// The names of permissions by service, of the text that `permissions` writes.
fn listed(permissions: &str) -> BTreeMap<&str, BTreeSet<String>> {
    let (mut listed, mut service): (BTreeMap<&str, BTreeSet<String>>, _) = (BTreeMap::new(), "");
    for line in permissions.lines() {
        let mut words = line.split(' ');
        match words.next() {
            Some("service") => service = words.next().unwrap_or_default(),
            Some("l" | "r" | "w" | "t" | "p") => {
                // Resource types and condition keys stand before the names.
                listed.entry(service).or_default().extend(words.skip(2).flat_map(unfolded));
            }
            _ => {}
        }
    }
    listed
}

/// The names that `Verb{One,Two}` stands for.
fn unfolded(word: &str) -> Vec<String> {
    match word.trim_end_matches('}').split_once('{') {
        Some((verb, rests)) => rests.split(',').map(|rest| format!("{verb}{rest}")).collect(),
        None => vec![word.to_owned()],
    }
}

const HEAD: &str = "\
doorward unnamed 1
# Permissions after which no call is named, so that no event of a log shows by its name that one was used, by
# `cargo xtask pack unnamed`: not written by hand. These are the permissions of the list beside this one without an
# operation of the same name in the service models of AWS's SDK for Python
";
const REST: &str = ", looked up by the name by which requests to the service are
# signed, by the name of its endpoint and by that of its model; of a service without a model, in all models.
";
/// Lines are no longer.
const WIDTH: usize = 118;

#[cfg(test)]
mod tests {
    use super::{Calls, HEAD, REST, text};

    fn calls(models: &[(&str, &str)]) -> Calls {
        let mut calls = Calls::default();
        for (name, model) in models {
            calls.add(name, serde_json::from_str(model).unwrap());
        }
        calls
    }

    #[test]
    fn a_permission_is_named_if_a_call_of_its_service_is() {
        let calls = calls(&[
            ("s3", r#"{"metadata":{"endpointPrefix":"s3"},"operations":{"GetObject":{},"ListBuckets":{}}}"#),
            (
                "stepfunctions",
                r#"{"metadata":{"endpointPrefix":"states","signingName":"steps"},"operations":{"Run":{"name":"Run"}}}"#,
            ),
        ]);
        let permissions = "\
doorward permissions 1
service old
w - - Run
r - - Get{,Object}
service s3 rcp
type bucket *
l - - ListAllMyBuckets ListBuckets
r 0! 0 Get{Object,Objects}
service states
t - - GetObject Run
service steps
p - - GetObject run
service stepfunctions
w - - GetObject RunIt
";
        let expected = format!(
            "{HEAD}# (botocore 1.2.3, Apache-2.0){REST}\
             old Get\ns3 GetObjects ListAllMyBuckets\n\
             states GetObject\nstepfunctions GetObject RunIt\nsteps GetObject\n"
        );
        assert_eq!(text(permissions, &calls, "1.2.3").unwrap(), expected);
    }

    #[test]
    fn lines_are_no_longer_than_pages_are_wide() {
        let names: Vec<String> = (10..60).map(|number| format!("Name{number}")).collect();
        let permissions = format!("service a\nw - - {}\n", names.join(" "));
        let text = text(&permissions, &Calls::default(), "1").unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("a ")).collect();
        assert_eq!(lines.iter().map(|line| line.len()).collect::<Vec<_>>(), [113, 113, 113, 15]);
        let told: Vec<&str> = lines.iter().flat_map(|line| line.split(' ').skip(1)).collect();
        assert_eq!(told, names);
    }

    #[test]
    fn without_permissions_there_is_no_list() {
        let error = text("doorward permissions 1\n", &Calls::default(), "1").unwrap_err();
        assert_eq!(error.to_string(), "the list of permissions has none");
    }
}
