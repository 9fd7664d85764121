//! The command line: one tree, whose names are a contract with scripts.

use crate::commands::{
    accounts::{TokenArgs, UserArgs},
    advisory::AdvisoryArgs,
    announcement::AnnouncementArgs,
    apply::ApplyArgs,
    audit::AuditArgs,
    backup::{BackupArgs, RestoreArgs},
    bench::BenchArgs,
    channel::ChannelArgs,
    completions::CompletionsArgs,
    decide::DecideArgs,
    deliveries::DeliveriesArgs,
    demo::DemoArgs,
    doctor::DoctorArgs,
    editing::EditingArgs,
    hooks::HooksArgs,
    import::ImportArgs,
    incident::IncidentArgs,
    lint::LintArgs,
    maintenance::MaintenanceArgs,
    notices::NoticesArgs,
    outage_plan::OutagePlanArgs,
    plan::PlanArgs,
    publish::PublishArgs,
    serve::ServeArgs,
    template::TemplateArgs,
};
use crate::settings::SettingsArgs;
use clap::{Args, Parser, Subcommand};

/// Forewarn: everybody affected hears of planned maintenance and outages in time
#[derive(Parser)]
#[command(name = "forewarn", version, about, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 invalid or refused, 2 could not run, 3 done with warnings to look at."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// A command with the settings of the installation it works on.
#[derive(Args)]
pub struct Local<A: Args> {
    /// Its own flags.
    #[command(flatten)]
    pub args: A,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Run the server: console, status page, API and sending
    Serve(Local<ServeArgs>),
    /// Run the server with sample data that goes nowhere
    Demo(Local<DemoArgs>),
    /// Show which notice would be due when, for whom and why; offline, from files
    Plan(PlanArgs),
    /// Say whether clients must be told of a change, and why; offline, from a file of answers
    Decide(DecideArgs),
    /// Review a message before it leaves: rules of good outage messages, and what must not be said; offline
    Lint(LintArgs),
    /// Bring the server's services, audiences, contacts, policies and templates to what files say
    Apply(ApplyArgs),
    /// Load contacts
    Import(ImportArgs),
    /// Create maintenances and take them through their states
    Maintenance(MaintenanceArgs),
    /// Declare incidents and keep people informed
    Incident(Box<IncidentArgs>),
    /// Tell people of a fault that was found between releases, until its fix is out
    Advisory(AdvisoryArgs),
    /// Tell people ahead of a release, the end of a feature, whatever changes at one moment
    Announcement(AnnouncementArgs),
    /// Try a channel out: mail, text messages, calls, chat rooms, webhooks
    Channel(ChannelArgs),
    /// Ask the communications team for help with a text, answer it, compare versions
    Editing(EditingArgs),
    /// Show what came to hooks: alerts, commands and notices that other programs send
    Hooks(HooksArgs),
    /// List notices: what is told to whom and when
    Notices(NoticesArgs),
    /// List deliveries: what became of each message
    Deliveries(DeliveriesArgs),
    /// See what is prepared for outages, sign it, write the cards to print
    OutagePlan(OutagePlanArgs),
    /// See the texts that notices are made from, their versions, and what one would say
    Template(TemplateArgs),
    /// Check the journal
    Audit(AuditArgs),
    /// Say who may sign in and what they may do
    User(UserArgs),
    /// Make and revoke tokens for programs that call the API
    Token(TokenArgs),
    /// Check this installation: data folder, database, mail relay, settings, clock
    Doctor(Local<DoctorArgs>),
    /// Write everything to a file, also while the server runs
    Backup(Local<BackupArgs>),
    /// Load a backup into an empty database
    Restore(Local<RestoreArgs>),
    /// Write the public pages as files into a folder or a bucket, also while the server runs
    Publish(Local<PublishArgs>),
    /// Measure how fast this machine sends and serves, against programs beside it
    Bench(Local<BenchArgs>),
    /// Print a shell's completion script
    Completions(CompletionsArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_tree_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_line_of_the_contract_is_understood() {
        for line in [
            "apply a.yaml b.yaml",
            "apply a.yaml --dry-run --url http://127.0.0.1:1 --token t",
            "plan a.yaml --at 2026-11-21T17:00:00Z --json",
            "lint m.txt --level semi_technical --stage holding --channel sms --subject Down --context c.yaml --json",
            "lint -",
            "import contacts c.csv --report r.csv",
            "maintenance create m.yaml",
            "maintenance start MNT-1",
            "maintenance complete MNT-1",
            "maintenance delay MNT-1 --start 2026-12-01T22:00 --end 2026-12-02T02:00 --reason later",
            "maintenance extend MNT-1 --end 2026-12-02T02:00 --reason longer",
            "maintenance cancel MNT-1",
            "maintenance override MNT-1 --before 2bd,30min --at 08:00 --reason short",
            "maintenance approve MNT-1 --url http://127.0.0.1:1",
            "maintenance approve MNT-1 --show --json",
            "maintenance approve MNT-1 --hash h --recipients 1200",
            "incident approve INC-1 --override urgent",
            "incident update INC-1 --text text --recipients 12000 --undo",
            "incident resolve INC-1 --text text --recipients 12000 --undo",
            "incident undo INC-1",
            "maintenance create m.yaml --recipients 12000",
            "maintenance delay MNT-1 --start 2026-12-01T22:00 --recipients 12000 --undo",
            "maintenance undo MNT-1",
            "announcement create a.yaml --recipients 12000",
            "announcement move ANN-1 --to 2026-12-08T10:00 --recipients 12000",
            "announcement cancel ANN-1 --recipients 12000",
            "incident update INC-1 --text text --override urgent",
            "incident declare --service portal=major_outage --service db=degraded --severity P1 --effect text",
            "incident update INC-1 --status identified --text text --next PT30M",
            "incident resolve INC-1 --text text",
            "incident drafts --json",
            "incident publish INC-1 --severity P2 --effect text",
            "incident discard INC-1 --reason text",
            "incident alerts INC-1",
            "import maintnote notice.eml --json",
            "hooks --json",
            "user set ann@example.edu --role operator --json",
            "user set ann --new-password",
            "user remove ann",
            "user list",
            "token add ci --role viewer --expires 2027-06-30T00:00:00Z",
            "token revoke ci",
            "channel test chat --contact oncall-room --json",
            "channel test chat --to https://hooks.example.test/T/B/X --kind slack --wait 5",
            "editing ask INC-1 --text text --note shorter",
            "editing ask MNT-1",
            "editing list --event INC-1 --json",
            "editing show EDIT-1 --json",
            "editing comment EDIT-1 text",
            "editing suggest EDIT-1 text",
            "editing take EDIT-1 --suggestion 2",
            "editing decline EDIT-1",
            "editing close EDIT-1",
            "editing versions INC-1 --json",
            "editing compare INC-1 1 sent-x --json",
            "incident declare --service portal=major_outage --impact high --urgency low --parent INC-1",
            "incident declare --service portal=major_outage --severity P2 --backfilled --started-at 2026-11-22T19:30:00Z --resolved-at 2026-11-22T20:30:00Z --text text",
            "incident update INC-1 --text text --severity P1 --carry --version 3",
            "incident handover INC-1 --role lead --to ann@example.edu --override alone",
            "incident acknowledge INC-1 --who kim@example.edu",
            "incident note INC-1 text",
            "incident notes INC-1 --json",
            "incident merge INC-2 --into INC-1",
            "incident part INC-2 --of INC-1",
            "incident postmortem show INC-1 --json",
            "incident postmortem draft INC-1 --file what.yaml",
            "incident postmortem approve INC-1 --reviewer legal --version 2",
            "incident postmortem publish INC-1 --version 2 --override decided",
            "incident actions --done",
            "incident done INC-1 2 --undo",
            "incident add INC-1 --email press@example.org --level technical",
            "maintenance add MNT-1 --contact ann",
            "import rota shifts.ics --id main --person Kim=kim@example.edu",
            "announcement create a.yaml --dry-run",
            "announcement move ANN-1 --to 2026-12-08T10:00 --reason text --version 2",
            "announcement change ANN-1 --title text --effect text --action text --service portal",
            "announcement cancel ANN-1 --reason text",
            "announcement show ANN-1 --json",
            "announcement list --open",
            "announcement reach ANN-1 --contact ann",
            "announcement approve ANN-1",
            "advisory create a.yaml --dry-run",
            "advisory report --service portal --service db --effect text --workaround text --requester ann@example.edu --next 2bd",
            "advisory update ADV-1 --text text --severity P2 --version 3",
            "advisory fix ADV-1 --action text --requester ann@example.edu",
            "advisory withdraw ADV-1 --text text",
            "advisory update ADV-1 --text text --recipients 12000 --undo",
            "advisory fix ADV-1 --undo",
            "advisory withdraw ADV-1 --text text --undo",
            "advisory undo ADV-1",
            "announcement move ANN-1 --to 2026-12-08T10:00 --undo",
            "announcement cancel ANN-1 --undo",
            "announcement effective ANN-1 --undo",
            "announcement undo ANN-1",
            "advisory show ADV-1 --json",
            "advisory list --open",
            "advisory reach ADV-1 --contact ann",
            "advisory add ADV-1 --email press@example.org --level technical",
            "notices --event MNT-1 --json",
            "notices copy n1 --url http://127.0.0.1:1 --token t",
            "notices copy n1 --list",
            "notices copy n1 --html",
            "deliveries --event MNT-1 --notice n --status failed --json",
            "outage-plan list --json",
            "outage-plan sign portal --stakeholder dean@example.edu",
            "outage-plan cards --out cards",
            "template list --own --language en --milestone update --json",
            "template show update.any.email.en --version 2",
            "template history update.any.email.en --json",
            "template diff update.any.email.en --from 1 --to 3",
            "template restore update.any.email.en --version 1",
            "template preview a.yaml --event INC-1 --json",
            "template preview --event MNT-1 --milestone reminder",
            "audit verify",
            "doctor",
            "backup file --data d",
            "restore file --database postgres://h/d",
            "publish --to d --data d2",
            "publish --to s3://bucket/prefix --json",
            "bench mail --recipients 10 --json",
            "bench page --json",
            "bench webhook --recipients 10 --send 50 --json",
            "completions bash",
            "serve --data d --listen 127.0.0.1:0 --public-url http://x --smtp smtp://h:1 --from a@b.c --allow-private-targets 127.0.0.0/8",
            "demo",
        ] {
            let words = std::iter::once("forewarn").chain(line.split(' '));
            if let Err(problem) = Cli::try_parse_from(words) {
                panic!("{line}: {problem}");
            }
        }
    }
}
