"""Two ways to run the same views: embedded and on Faust."""
