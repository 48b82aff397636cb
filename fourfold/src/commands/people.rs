//! `fourfold user …`: the register of people, from the machine that holds the records.

use std::io::Read as _;

use anyhow::{Context, Result};
use record::Marking;
use web::register::{self, NewPerson};

use super::Done;
use crate::assemble::Place;

#[derive(Debug, clap::Subcommand)]
pub enum User {
    /// Add a person; the password is read from standard input
    Add {
        /// What the person signs in with
        username: String,
        /// Full name with rank
        #[arg(long)]
        name: String,
        /// Rank or job, shown under the name
        #[arg(long, default_value = "")]
        title: String,
        /// Roles of policy/access/roles.toml, separated by commas
        #[arg(long, value_delimiter = ',', required = true)]
        roles: Vec<String>,
        #[arg(long, default_value = "sfcu")]
        unit: String,
    },
    /// End a person's access now
    End { username: String },
    /// Set a new password, read from standard input; clears a lock-out
    Password { username: String },
    /// Issue an API token limited to acts; it is shown once
    Token {
        username: String,
        /// What the token is for
        #[arg(long)]
        name: String,
        /// Acts it may do, separated by commas; `fourfold policy acts` lists them
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<String>,
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
}

impl User {
    pub async fn run(self, place: &Place) -> Result<Done> {
        let app = place.app(true, false).await?;
        let (store, by) = (app.store(), app.command_line());
        match self {
            User::Add {
                username,
                name,
                title,
                roles,
                unit,
            } => {
                let person = NewPerson {
                    username: username.to_lowercase(),
                    name,
                    title,
                    unit,
                    force: app.force().name.clone(),
                    ceiling: Marking::OfficialSensitive,
                    password: password()?,
                    roles,
                };
                register::add_person(store, &by, person).await?;
                println!("{username} can sign in.");
            }
            User::End { username } => {
                register::end_person(store, &by, &username).await?;
                println!("{username} can no longer sign in.");
            }
            User::Password { username } => {
                register::set_password(store, &by, &username, password()?).await?;
                println!("The new password of {username} is set.");
            }
            User::Token {
                username,
                name,
                scopes,
                days,
            } => {
                let until = app.now().plus_days(days);
                let token =
                    register::issue_token(store, &by, &username, &name, scopes, until).await?;
                println!("{token}");
            }
        }
        store.close().await;
        Ok(Done::Clean)
    }
}

fn password() -> Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(4096)
        .read_to_string(&mut text)
        .context("the password could not be read from standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
