/** Splits an update into actions of the engine and those that it lacks. */
import type { CustomActions } from './custom-action.ts';
import { type ApiRecord, isObject, type JsonObject, numberField, textField } from './json.ts';
import { deliveryActions } from './order-actions/deliveries.ts';
import { returnActions } from './order-actions/returns.ts';
import { stateActions } from './order-actions/states.ts';
import type { Records } from './records.ts';

const customActions: Readonly<Record<string, CustomActions>> = {
  'inventory-entry': {
    addQuantity: (entry, action) => {
      const quantity = numberField(action, 'quantity');
      if (quantity === undefined) return "The field 'quantity' is missing.";
      const sum = (name: string) => (numberField(entry, name) ?? 0) + quantity;
      return { ...entry, quantityOnStock: sum('quantityOnStock'), availableQuantity: sum('availableQuantity') };
    },
    // The engine has no reservations. The reserved quantity stays reserved.
    changeQuantity: (entry, action) => {
      const quantity = numberField(action, 'quantity');
      if (quantity === undefined) return "The field 'quantity' is missing.";
      const reserved = (numberField(entry, 'quantityOnStock') ?? 0) - (numberField(entry, 'availableQuantity') ?? 0);
      return { ...entry, quantityOnStock: quantity, availableQuantity: quantity - reserved };
    },
  },
  order: { ...deliveryActions, ...returnActions, ...stateActions },
  'standalone-price': {
    changeActive: (price, action) => ({ ...price, active: action.active }),
    setValidFromAndUntil: (price, action) => ({ ...price, validFrom: action.validFrom, validUntil: action.validUntil }),
  },
};

interface CustomStep {
  readonly apply: (record: ApiRecord, records: Records) => ApiRecord | string;
}

interface EngineStep {
  readonly actions: readonly JsonObject[];
}

/** Returns the actions of an update, or undefined if the body has none. */
export function actionsOf(body: unknown): JsonObject[] | undefined {
  const actions = isObject(body) ? body.actions : undefined;
  return Array.isArray(actions) && actions.every(isObject) ? actions : undefined;
}

/** Splits actions into sequences for the engine and single custom actions, in order. */
export function splitActions(typeId: string, actions: readonly JsonObject[]): (CustomStep | EngineStep)[] {
  const steps: (CustomStep | EngineStep)[] = [];
  let engineActions: JsonObject[] = [];
  for (const action of actions) {
    const apply = customActions[typeId]?.[textField(action, 'action') ?? ''];
    if (apply === undefined) {
      engineActions.push(action);
      continue;
    }
    if (engineActions.length > 0) steps.push({ actions: engineActions });
    engineActions = [];
    steps.push({
      apply: (record, records) => (isObject(record) ? apply(record, action, records) : 'not a record'),
    });
  }
  return engineActions.length > 0 ? [...steps, { actions: engineActions }] : steps;
}
