"""The rows of the scoreboard, one module each: work, beside, goal, verdict."""
