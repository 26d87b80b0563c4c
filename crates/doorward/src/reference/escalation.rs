//! The page on escalation: every method that is looked for, from the rules that the program holds.

use doorward_privilege::escalation::{Actor, Category, Need, Rule, Rules};

use super::{push, table};

/// What stands below the title.
pub(super) fn body() -> String {
    let rules = match Rules::shipped() {
        Ok(rules) => rules,
        Err(error) => return format!("The rules of the program cannot be read: {error}\n"),
    };
    let mut rules: Vec<&Rule> = rules.all().iter().collect();
    rules.sort_unstable_by_key(|rule| &rule.id);
    let mut text = format!(
        "The {} methods that are looked for. They are data, below `rules/aws/escalation/`. Ids up to 099 are those of \
         pathfinding.cloud, from 101 our own.\n\nA method **escalates now** when the identity is allowed all that it needs, \
         on something that is as it must be, and everything that must exist does. It is **latent** when only that is \
         missing, and then the answer says what. What no export tells, such as whether an instance runs, is taken for \
         granted and shown with the path.\n",
        rules.len()
    );
    for category in Category::ALL {
        push(&mut text, format_args!("\n## {}\n\n", category.title()));
        let rows = rules.iter().filter(|rule| rule.category == category).map(|rule| row(rule));
        table(&mut text, ["method", "needs", "and there is", "then the identity", "to close it"], rows);
    }
    push(&mut text, format_args!("\n## Where AWS says so\n\n"));
    table(
        &mut text,
        ["method", "pages"],
        rules.iter().map(|rule| [format!("`{}`", rule.id), rule.source.to_string()]),
    );
    text
}

fn row(rule: &Rule) -> [String; 5] {
    let needs: Vec<String> = rule.needs.iter().map(Need::words).collect();
    let needs = if needs.is_empty() { "nothing of its own".to_owned() } else { needs.join("; ") };
    let mut there = vec![rule.sought()];
    there.extend(rule.exists.iter().map(|kind| kind.noun().to_owned()));
    let mut state = there.join("; ");
    if !rule.assumes.is_empty() {
        push(&mut state, format_args!("; taken for granted: {}", rule.assumes.join(", ")));
    }
    let who = match rule.actor {
        Actor::Any => "",
        Actor::User => " (users)",
        Actor::Role => " (roles)",
        Actor::PermissionSetRole => " (roles of Identity Center)",
    };
    [
        format!("`{}` {}{who}", rule.id, rule.name),
        needs,
        state,
        rule.gives.words().to_owned(),
        rule.fix.to_string(),
    ]
}
