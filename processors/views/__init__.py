"""Pure views: fold, latest, picture."""
