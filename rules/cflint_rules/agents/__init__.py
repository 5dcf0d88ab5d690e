"""Rules about the Agents SDK: state, connections, schedules, routing and migrations of Agents."""
