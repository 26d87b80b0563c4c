//! What can be typed, from the definitions that parse it.

use clap::{Arg, Command, CommandFactory};

use super::{push, table};
use crate::cli::Cli;

/// All commands, each with its arguments.
pub(super) fn body() -> String {
    let mut root = Cli::command();
    root.build();
    let mut text = String::new();
    if let Some(about) = root.get_long_about() {
        push(&mut text, format_args!("{about}\n\n"));
    }
    if let Some(after) = root.get_after_help() {
        push(&mut text, format_args!("```text\n{after}\n```\n"));
    }
    for command in shown(&root) {
        describe(&mut text, command, "doorward");
    }
    text
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| command.get_name() != "help" && !command.is_hide_set())
}

fn describe(text: &mut String, command: &Command, parent: &str) {
    let name = format!("{parent} {}", command.get_name());
    let mut nested = shown(command).peekable();
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string);
    let about = ended(&about.unwrap_or_default());
    if nested.peek().is_some() {
        push(text, format_args!("\n## {name}\n\n{about}\n"));
        nested.for_each(|command| describe(text, command, &name));
        return;
    }
    let level = if parent == "doorward" { "##" } else { "###" };
    push(text, format_args!("\n{level} {name}\n\n{about}\n\n"));
    let rows = command.get_arguments().filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"));
    let rows: Vec<_> = rows.map(row).collect();
    if !rows.is_empty() {
        table(text, ["argument", "meaning", "default"], rows.into_iter());
    }
}

fn row(arg: &Arg) -> [String; 3] {
    let help = arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut meaning = ended(&help.replace('\n', " "));
    let values: Vec<_> = (arg.get_possible_values().iter())
        .filter(|value| !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !values.is_empty() && arg.get_action().takes_values() {
        meaning.push_str(&format!(" One of {}.", values.join(", ")));
    }
    let default: Vec<_> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let needed = if !arg.get_action().takes_values() {
        String::new()
    } else if arg.is_required_set() {
        "required".to_owned()
    } else {
        default.join(", ")
    };
    [format!("`{}`", typed(arg)), meaning, needed]
}

/// How it is typed.
fn typed(arg: &Arg) -> String {
    let names = || arg.get_value_names().unwrap_or_default().iter().map(|name| format!("<{name}>"));
    let value =
        if arg.get_action().takes_values() { names().collect::<Vec<_>>().join(" ") } else { String::new() };
    let flag = match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}"),
        (None, Some(long)) => format!("--{long}"),
        (Some(short), None) => format!("-{short}"),
        (None, None) => return value,
    };
    format!("{flag} {value}").trim_end().to_owned()
}

/// A sentence with its full stop.
fn ended(sentence: &str) -> String {
    let sentence = sentence.trim();
    if sentence.is_empty() || sentence.ends_with(['.', ']', ':']) {
        sentence.to_owned()
    } else {
        format!("{sentence}.")
    }
}
