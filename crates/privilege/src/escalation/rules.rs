//! Reads methods of escalation from YAML: as a whole, or not at all.
//!
//! A file is a list. Each rule begins on a line of its own; its words are those of the enumerations of `escalation.rs`
//! in kebab case, and kinds of things are named `service:type`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use crate::escalation::{Gives, Kind, Need, On, Rule, State, Target};
use crate::interest::Mask;

macro_rules! shipped {
    ($name:literal) => {
        (
            concat!("rules/aws/escalation/", $name, ".yaml"),
            include_str!(concat!("../../../../rules/aws/escalation/", $name, ".yaml")),
        )
    };
}

/// The methods of escalation that are looked for, each id once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rules(Vec<Rule>);

/// Why rules cannot be read, and where that has to be mended.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}: {}{what}", told(.rule.as_deref()))]
pub struct RuleError {
    /// The name of the file.
    pub file: String,
    /// The line, from 1; 0 when the file holds no rule in block style.
    pub line: usize,
    /// The id of the rule, if it can be told.
    pub rule: Option<String>,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// The files that are part of the program: each with its name and what it says.
const SHIPPED: [(&str, &str); 8] = [
    shipped!("agents"),
    shipped!("automation"),
    shipped!("compute"),
    shipped!("containers"),
    shipped!("data"),
    shipped!("federation"),
    shipped!("iam"),
    shipped!("lambda"),
];

impl Rules {
    /// The rules that are part of the program.
    ///
    /// # Errors
    ///
    /// As [`Self::read`]; a test reads them, so a released program has none.
    pub fn shipped() -> Result<Self, RuleError> {
        Self::read(SHIPPED)
    }

    /// Reads files, each with its name.
    ///
    /// # Errors
    ///
    /// At the first thing that is not understood, that contradicts itself, that is there twice, or that is too much.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, RuleError> {
        let (mut rules, mut places) = (Vec::new(), BTreeMap::<Box<str>, String>::new());
        let mut asked = BTreeSet::new();
        for (file, text) in files {
            let found: Vec<Rule> = yaml_serde::from_str(text).map_err(|error| form(file, text, &error))?;
            for (index, rule) in found.into_iter().enumerate() {
                let line = starts(text).nth(index).map_or(0, |(line, _)| line);
                let failed =
                    |what| RuleError { file: file.to_owned(), line, rule: Some(rule.id.to_string()), what };
                check(&rule).map_err(failed)?;
                if let Some(other) = places.insert(rule.id.clone(), format!("{file}:{line}")) {
                    return Err(failed(format!("stands at {other} already; give it another id")));
                }
                asked.extend(rule.permissions().into_iter().map(str::to_ascii_lowercase));
                if asked.len() > Mask::PERMISSIONS_MAX {
                    let most = Mask::PERMISSIONS_MAX;
                    return Err(failed(format!(
                        "with it, more than {most} permissions are asked for; leave out rules that you do not need"
                    )));
                }
                rules.push(rule);
            }
        }
        Ok(Self(rules))
    }

    /// All of them, in the order of files and lines.
    #[must_use]
    pub fn all(&self) -> &[Rule] {
        &self.0
    }

    /// The rule of an id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Rule> {
        self.0.iter().find(|rule| *rule.id == *id)
    }
}

fn told(rule: Option<&str>) -> String {
    rule.map_or_else(String::new, |id| format!("rule {id}: "))
}

/// Where the text is no list of rules.
fn form(file: &str, text: &str, error: &yaml_serde::Error) -> RuleError {
    let line = error.location().map_or(0, |place| place.line());
    let rule = starts(text).take_while(|(start, _)| *start <= line).last().and_then(|(_, id)| id);
    RuleError { file: file.to_owned(), line, rule: rule.map(str::to_owned), what: error.to_string() }
}

/// The line on which each rule begins, and its id if that stands there: each item of the outermost list.
fn starts(text: &str) -> impl Iterator<Item = (usize, Option<&str>)> {
    let first = text.lines().find(|line| line.trim_start().starts_with("- "));
    let margin = first.map_or("", |line| line.split_once('-').map_or("", |(margin, _)| margin));
    text.lines().enumerate().filter_map(move |(at, line)| {
        let item = line.strip_prefix(margin)?.strip_prefix("- ")?;
        Some((at + 1, item.trim_start().strip_prefix("id:").map(str::trim)))
    })
}

/// That a rule does not contradict itself; if it does, how.
fn check(rule: &Rule) -> Result<(), String> {
    texts(rule)?;
    if rule.needs.is_empty() && rule.states.is_empty() {
        return Err(
            "asks for nothing; say in `needs` which permissions, or in `where` which state".to_owned()
        );
    }
    twice(&rule.needs, "needs")?;
    twice(&rule.states, "where")?;
    twice(&rule.exists, "exists")?;
    twice(&rule.trusts, "trusts")?;
    rule.needs.iter().try_for_each(|need| check_need(rule, need))?;
    if !rule.trusts.is_empty() && rule.target != Target::Role {
        return Err("`trusts` is of roles; make the target a role, or leave it out".to_owned());
    }
    for state in &rule.states {
        if !fits(*state, rule.target) {
            return Err(format!(
                "`where` asks for a target {}, which {} cannot be",
                state.clause(),
                rule.target.noun()
            ));
        }
    }
    gives(rule)
}

/// That each text says something, in the form it must have.
fn texts(rule: &Rule) -> Result<(), String> {
    for (name, text) in [("name", &rule.name), ("fix", &rule.fix), ("source", &rule.source)] {
        if text.trim().is_empty() {
            return Err(format!("`{name}` is empty; write a sentence"));
        }
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if rule.id.is_empty() || !rule.id.bytes().all(plain) {
        return Err("the id may hold small letters, digits and hyphens only".to_owned());
    }
    let passed = rule.needs.iter().filter_map(|need| need.passed_to.as_deref());
    rule.trusts.iter().map(|one| &**one).chain(passed).try_for_each(service)
}

fn service(name: &str) -> Result<(), String> {
    let known = name.ends_with(".amazonaws.com") && !name.starts_with('.') && !name.contains(['*', '/', ' ']);
    if known { Ok(()) } else { Err(format!("`{name}` names no service; write it as lambda.amazonaws.com")) }
}

fn check_need(rule: &Rule, need: &Need) -> Result<(), String> {
    let Need { permission, on, passed_to, attaches } = need;
    let name = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !permission.split_once(':').is_some_and(|(service, action)| name(service) && name(action)) {
        return Err(format!("`{permission}` is no permission; write it as iam:PassRole, without wildcards"));
    }
    if **permission == *"sts:AssumeRole" {
        return Err("whether a role may be assumed is a state; write `where: [assumable]`".to_owned());
    }
    if passed_to.is_some() != (**permission == *"iam:PassRole") {
        return Err(format!(
            "`passed_to` stands with iam:PassRole and only there; mend the need {permission}"
        ));
    }
    if attaches.is_some() != ATTACHING.contains(&&**permission) {
        return Err(format!(
            "`attaches` stands with {} and only there; mend the need {permission}",
            ATTACHING.join(", ")
        ));
    }
    match on {
        On::Existing if rule.exists.is_empty() => {
            Err(format!("{permission} is needed on something existing; say in `exists` what that is"))
        }
        On::PolicyOfTarget if !rule.states.contains(&State::WithOwnPolicy) => {
            Err(format!("{permission} is needed on a policy of the target; add `with-own-policy` to `where`"))
        }
        _ => Ok(()),
    }
}

const ATTACHING: [&str; 3] = ["iam:AttachUserPolicy", "iam:AttachGroupPolicy", "iam:AttachRolePolicy"];

fn twice<T: PartialEq + Debug>(list: &[T], name: &str) -> Result<(), String> {
    let again =
        list.iter().enumerate().find(|(at, one)| list.iter().take(*at).any(|earlier| earlier == *one));
    again.map_or(Ok(()), |(at, _)| {
        Err(format!("item {} of `{name}` stands there already; take it out", at + 1))
    })
}

/// Whether a target can be in a state.
fn fits(state: State, target: Target) -> bool {
    match state {
        State::Assumable
        | State::AssumableWithTags
        | State::OfPermissionSet
        | State::InInstanceProfile
        | State::InNoInstanceProfile => target == Target::Role,
        State::Changeable => matches!(target, Target::Role | Target::Itself),
        State::WithPassword | State::WithoutPassword | State::WithTwoKeys | State::WithFewerKeys => {
            target == Target::User
        }
        State::WithOtherVersion => target == Target::OwnPolicy,
        State::WithOwnPolicy => matches!(target, Target::Role | Target::User),
        State::Foreign => target == Target::Group,
        State::Trusted => target == Target::SamlProvider,
        State::RunsAsRole => matches!(target, Target::Thing(_)),
        State::InSystemsManager => matches!(target, Target::Role | Target::Thing(Kind::Instance)),
        State::Launched => target == Target::Thing(Kind::LaunchTemplate),
        State::Bounded => target == Target::Itself,
        State::WithManagedDenial | State::WithInlineDenial | State::WithDenial => {
            matches!(target, Target::Itself | Target::OwnGroup)
        }
    }
}

/// That what a method gives can be had from its target.
fn gives(rule: &Rule) -> Result<(), String> {
    let has = |state| rule.states.contains(&state);
    let (right, wanted) = match rule.gives {
        Gives::Target | Gives::TargetWithAnyPolicy => {
            (matches!(rule.target, Target::Role | Target::User), "a role or user as target")
        }
        Gives::RoleOfTarget => (has(State::RunsAsRole), "`runs-as-role` in `where`"),
        Gives::RolesTrustingTarget => (rule.target == Target::SamlProvider, "a provider as target"),
        Gives::PoliciesOfTarget => (rule.target == Target::Group, "a group as target"),
        Gives::AnyPolicy => (
            matches!(
                rule.target,
                Target::Itself | Target::OwnGroup | Target::OwnPolicy | Target::OwnPermissionSet
            ),
            "a target that is the actor's own",
        ),
        Gives::NewPrincipal => (
            rule.target == Target::Itself && rule.needs.iter().any(|need| need.on == On::Made),
            "the actor itself as target, and something made in `needs`",
        ),
        Gives::WithoutBoundary => (has(State::Bounded), "`bounded` in `where`"),
        Gives::WithoutDenial => (
            has(State::WithManagedDenial) || has(State::WithInlineDenial) || has(State::WithDenial),
            "a state that is about denials in `where`",
        ),
        Gives::OtherVersion => (has(State::WithOtherVersion), "`with-other-version` in `where`"),
    };
    if right { Ok(()) } else { Err(format!("what it gives asks for {wanted}")) }
}
