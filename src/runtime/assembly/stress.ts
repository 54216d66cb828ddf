/** The copying collector as it is built for stress: whoever makes it may thin its collections out. */
export * from "./copying";
export { stressPeriod } from "./heap";
