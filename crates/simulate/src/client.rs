//! User agents, in the forms that the SDKs write, and the marks that AI agents leave in them.
//!
//! `$s` stands for the service and `$c` for the command, as in [`crate::record`].

use crate::organisation::{Class, Member};
use crate::random::nth;

/// Where a credential came from, in the letters that botocore and the newer SDKs write into `m/`.
const ENVIRONMENT: &str = "g";
const CONTAINER: &str = "z";
const INSTANCE: &str = "0";

/// The user agent of a machine after so many upgrades of its SDK.
pub(crate) fn machine(member: Member, taste: u64, upgrades: u32) -> String {
    let version = 30 + taste % 7 + 4 * u64::from(upgrades);
    let python = |place: &str, source: &str, mark: &str| {
        format!(
            "Boto3/1.{version}.12 md/Botocore#1.{version}.12 ua/2.1 os/linux#6.1.102-111.182.amzn2023.x86_64 md/arch#x86_64 \
             lang/python#3.12.4 md/pyimpl#CPython{place} m/E,{source} cfg/retry-mode#legacy Botocore/1.{version}.12{mark}"
        )
    };
    match (member.class, taste / 8 % 3) {
        (Class::Function, 0 | 1) => python(" exec-env/AWS_Lambda_python3.12", ENVIRONMENT, ""),
        (Class::Function, _) => format!(
            "aws-sdk-js/3.6{version}.0 ua/2.1 os/linux#5.10.223-230.872.amzn2.x86_64 lang/js md/nodejs#20.15.1 \
             exec-env/AWS_Lambda_nodejs20.x api/$s#3.6{version}.0 m/E,{ENVIRONMENT}"
        ),
        (Class::Container, 0) => python(" exec-env/AWS_ECS_FARGATE", CONTAINER, ""),
        (Class::Container, 1) => format!(
            "aws-sdk-java/2.{version}.60 Linux/5.10.223-211.872.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/21.0.4+7-LTS \
             Java/21.0.4 exec-env/AWS_ECS_FARGATE io/sync http/Apache cfg/retry-mode/standard"
        ),
        (Class::Container, _) => go(version, CONTAINER),
        (Class::Instance, 0) => {
            format!("aws-sdk-go/1.{version}.4 (go1.21.12; linux; amd64) amazon-ssm-agent/3.3.{version}.0")
        }
        (Class::Instance, 1) => go(version, INSTANCE),
        (Class::Agent, 0) => python("", CONTAINER, " strands-agents"),
        (Class::Agent, 1) => python(
            "",
            CONTAINER,
            &format!(" bedrock-agentcore/1.{version}.0 (integration_source=langgraph; feature=memory)"),
        ),
        (Class::Agent, _) => python(
            "",
            CONTAINER,
            &format!(" x-client-framework:langchain-aws md/sdk_user_agent/LangChainAWS#Agents#1.{version}.1"),
        ),
        (Class::User, 0) => format!("aws-sdk-go/1.{version}.4 (go1.21.12; linux; amd64)"),
        (Class::Vendor, 0 | 1) => go(version, "i"),
        (Class::Instance, _) => python("", INSTANCE, ""),
        _ => python("", ENVIRONMENT, ""),
    }
}

fn go(version: u64, source: &str) -> String {
    format!(
        "aws-sdk-go-v2/1.{version}.4 ua/2.1 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/$s#1.{version}.0 m/E,{source}"
    )
}

/// The browser of a person.
pub(crate) fn browser(taste: u64) -> String {
    let system = nth(
        &["Macintosh; Intel Mac OS X 10_15_7", "Windows NT 10.0; Win64; x64", "X11; Linux x86_64"],
        taste,
    );
    let version = 136 + taste / 4 % 3;
    format!(
        "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
    )
}

/// The command line of a person, signed in through Identity Center.
pub(crate) fn command_line(taste: u64) -> String {
    let system =
        nth(&["macos#24.5.0 md/arch#arm64", "windows#11 md/arch#amd64", "linux#6.8.0 md/arch#x86_64"], taste);
    cli(system, 20 + taste / 4 % 6, "m/E,b,r")
}

/// A program on a rented machine, with a key from the environment: what a thief uses.
pub(crate) fn foreign(attack: u32) -> String {
    match attack % 4 {
        0 => cli("linux#5.15.0 md/arch#x86_64", 15, "m/E,b,g"),
        1 => {
            "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#6.6.9-amd64 md/arch#x86_64 lang/python#3.11.8 \
              md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.34.69"
                .to_owned()
        }
        2 => "aws-sdk-go/1.44.298 (go1.20.7; linux; amd64)".to_owned(),
        _ => cli("linux#6.1.0-kali9-amd64 md/arch#x86_64", 9, "m/E,g"),
    }
}

fn cli(system: &str, version: u64, source: &str) -> String {
    format!(
        "aws-cli/2.{version}.3 md/awscrt#0.26.1 ua/2.1 os/{system} lang/python#3.13.3 md/pyimpl#CPython {source} \
         cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#$c"
    )
}

/// Terraform, in a pipeline or on a desk.
pub(crate) fn terraform(source: &str) -> String {
    format!(
        "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.99.1 \
         (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.23.8 \
         md/GOOS#linux md/GOARCH#amd64 api/$s#1.36.0 m/{source}"
    )
}

/// A pipeline step that calls the CLI with the credentials of its action.
pub(crate) fn pipeline_step() -> String {
    cli("linux#6.8.0-1017-azure md/arch#x86_64", 22, "m/E,b,g")
}

/// A coding agent at work under a person's session.
pub(crate) fn coding_agent(agent: u32) -> String {
    let taste = u64::from(agent / 3);
    let python = "Boto3/1.38.18 md/Botocore#1.38.18 md/awscrt#0.26.1 ua/2.1 os/macos#24.5.0 md/arch#arm64 lang/python#3.13.3 \
                  md/pyimpl#CPython m/E,b,r cfg/retry-mode#standard Botocore/1.38.18 md/awslabs#mcp#aws-api-mcp-server#1.0.2";
    let guards = "cfg/ro#0 cfg/consent#0 cfg/scripts#1 cfg/file-access#workdir";
    match (crate::organisation::product(agent), taste % 2) {
        ("claude-code", 0) => {
            format!("{python} md/via/claude-code MCPClient/claude-code#2.1.{} {guards}", 4 + taste % 30)
        }
        ("claude-code", _) => {
            format!("python-httpx/0.28.1 mcp-proxy-for-aws/1.7.0 claude-code/2.1.{}", 4 + taste % 30)
        }
        ("cursor", _) => format!("{python} md/via/cursor-vscode MCPClient/cursor-vscode#1.0.0 {guards}"),
        _ => cli(
            "macos#24.5.0 md/arch#arm64",
            22,
            &format!("exec-env/AmazonQ-For-CLI-Version-1.19.{} m/E,b,r", taste % 9),
        ),
    }
}
