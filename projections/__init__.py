"""The worker's side: folds events into views and stores them. Knows no rule of a command and answers no query."""
